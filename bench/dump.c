/*
 * The yardstick: NETLINK_SOCK_DIAG dumps with the same system calls as kernel/sock-diag (one send, then recv into 32 KiB
 * until NLMSG_DONE), and programs started with posix_spawn. Reads commands, answers each with the CPU time it took, in
 * nanoseconds, and the sockets it saw:
 *   dump STATES EXT TIMES        that many dumps of IPv4 and IPv6 in one walk
 *   spawn TIMES PROGRAM ARG...   that many runs, output thrown away
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static struct {
	uint64_t sockets, ports, receive, send, drops, inodes, waits, windows;
} sum;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void take(struct nlmsghdr *header)
{
	struct inet_diag_msg *socket = NLMSG_DATA(header);
	int left = header->nlmsg_len - NLMSG_LENGTH(sizeof *socket);

	sum.sockets++;
	sum.ports += ntohs(socket->id.idiag_sport);
	sum.receive += socket->idiag_rqueue;
	sum.send += socket->idiag_wqueue;
	sum.inodes += socket->idiag_inode;
	for (struct rtattr *at = (struct rtattr *)(socket + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == INET_DIAG_SKMEMINFO) {
			sum.drops += ((uint32_t *)RTA_DATA(at))[SK_MEMINFO_DROPS];
		} else if (at->rta_type == INET_DIAG_INFO) {
			struct tcp_info *info = RTA_DATA(at);
			sum.waits += info->tcpi_last_data_sent;
			sum.windows += info->tcpi_snd_wnd;
		}
	}
}

/* Shows each answer to what was sent with this number, until the kernel is done. */
static inline void receive(int fd, uint32_t sequence, void (*see)(struct nlmsghdr *))
{
	static char chunk[32768] __attribute__((aligned(8)));

	for (;;) {
		ssize_t length = recv(fd, chunk, sizeof chunk, 0);
		if (length < 0)
			die("recv");
		for (struct nlmsghdr *at = (struct nlmsghdr *)chunk; NLMSG_OK(at, length); at = NLMSG_NEXT(at, length)) {
			if (at->nlmsg_seq != sequence)
				continue;
			if (at->nlmsg_type == NLMSG_DONE)
				return;
			if (at->nlmsg_type == NLMSG_ERROR)
				die("the kernel refused the dump");
			see(at);
		}
	}
}

static void dump(int fd, unsigned states, unsigned ext)
{
	static uint32_t sequence;
	struct {
		struct nlmsghdr header;
		struct inet_diag_req query;
	} request = {
		.header = { .nlmsg_len = sizeof request, .nlmsg_type = TCPDIAG_GETSOCK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = ++sequence },
		.query = { .idiag_ext = ext, .idiag_states = states,
			   .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};

	if (send(fd, &request, sizeof request, 0) < 0)
		die("send");
	receive(fd, sequence, take);
}

static void spawn_and_wait(char **arguments)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ) != 0)
		die(arguments[0]);
	posix_spawn_file_actions_destroy(&actions);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("waitpid");
}

static uint64_t cpu_time_of(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000ull +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000ull;
}

static uint64_t cpu_time(void)
{
	return cpu_time_of(RUSAGE_SELF) + cpu_time_of(RUSAGE_CHILDREN);
}

int main(void)
{
	char line[1024];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		die("socket");
	while (fgets(line, sizeof line, stdin)) {
		char *words[64];
		int count = 0;
		for (char *word = strtok(line, " \n"); word && count < 63; word = strtok(NULL, " \n"))
			words[count++] = word;
		words[count] = NULL;
		uint64_t begin = cpu_time();
		sum.sockets = 0;
		if (count == 4 && strcmp(words[0], "dump") == 0) {
			for (int times = atoi(words[3]); times > 0; times--)
				dump(fd, strtoul(words[1], NULL, 10), atoi(words[2]));
		} else if (count >= 3 && strcmp(words[0], "spawn") == 0) {
			for (int times = atoi(words[1]); times > 0; times--)
				spawn_and_wait(words + 2);
		} else {
			fprintf(stderr, "no such command\n");
			return 1;
		}
		printf("%llu %llu\n", (unsigned long long)(cpu_time() - begin), (unsigned long long)sum.sockets);
		fflush(stdout);
	}
	return sum.ports == 1; /* the sums are used, so the compiler keeps the loops that make them */
}
