/*
 * What sampling costs without a runtime: SECONDS of clock_nanosleep to the next tick, every MS milliseconds, with the LISTEN
 * dump of IPv4 and IPv6 at each tick, half-open requests every SYN ticks and listening UNIX sockets every UNIX ticks; 0 for
 * never, and without any dump if both are left out. Prints its CPU time as a share of one core.
 * Usage: sampler SECONDS MS [SYN UNIX]
 */
#define main dump_main
#include "dump.c"
#undef main
#include <linux/unix_diag.h>

static void dump_unix(int fd)
{
	static uint32_t sequence;
	static char chunk[32768] __attribute__((aligned(8)));
	struct {
		struct nlmsghdr header;
		struct unix_diag_req query;
	} request = {
		.header = { .nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = ++sequence },
		.query = { .sdiag_family = AF_UNIX, .udiag_states = 1 << 10,
			   .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID },
	};

	if (send(fd, &request, sizeof request, 0) < 0)
		die("send");
	for (;;) {
		ssize_t length = recv(fd, chunk, sizeof chunk, 0);
		if (length < 0)
			die("recv");
		for (struct nlmsghdr *at = (struct nlmsghdr *)chunk; NLMSG_OK(at, length); at = NLMSG_NEXT(at, length)) {
			if (at->nlmsg_type == NLMSG_DONE)
				return;
			if (at->nlmsg_type == NLMSG_ERROR)
				die("the kernel refused the dump");
			sum.sockets++;
		}
	}
}

int main(int count, char **arguments)
{
	struct timespec begin, tick, cpu;
	double seconds = count > 1 ? atof(arguments[1]) : 1;
	int milliseconds = count > 2 ? atoi(arguments[2]) : 1;
	int dumping = count > 4;
	long syn = dumping ? atol(arguments[3]) : 0, local = dumping ? atol(arguments[4]) : 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	long ticks = seconds * 1000 / milliseconds;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	tick = begin;
	for (long i = 0; i < ticks; i++) {
		tick.tv_nsec += milliseconds * 1000000L;
		if (tick.tv_nsec >= 1000000000) {
			tick.tv_nsec -= 1000000000;
			tick.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
		if (dumping)
			dump(fd, 1 << 10, 1 << (INET_DIAG_SKMEMINFO - 1));
		if (syn > 0 && i % syn == 0)
			dump(fd, 1 << 3, 0);
		if (local > 0 && i % local == 0)
			dump_unix(fd);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%f\n", (cpu.tv_sec + cpu.tv_nsec / 1e9) / seconds);
	return 0;
}
