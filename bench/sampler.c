/*
 * What sampling once a millisecond costs without a runtime: SECONDS of clock_nanosleep to the next tick, with or without
 * the LISTEN dump of IPv4 and IPv6. Prints its CPU time as a share of one core. Usage: sampler SECONDS sleep|dump
 */
#define main dump_main
#include "dump.c"
#undef main

int main(int count, char **arguments)
{
	struct timespec begin, tick, cpu;
	double seconds = count > 1 ? atof(arguments[1]) : 1;
	int dumping = count > 2 && strcmp(arguments[2], "dump") == 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	long ticks = seconds * 1000;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	tick = begin;
	for (long i = 0; i < ticks; i++) {
		tick.tv_nsec += 1000000;
		if (tick.tv_nsec >= 1000000000) {
			tick.tv_nsec -= 1000000000;
			tick.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
		if (dumping)
			dump(fd, 1 << 10, 1 << (INET_DIAG_SKMEMINFO - 1));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%f\n", (cpu.tv_sec + cpu.tv_nsec / 1e9) / seconds);
	return 0;
}
