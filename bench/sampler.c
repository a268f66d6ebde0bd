/*
 * What sampling costs without a runtime: SECONDS of clock_nanosleep to the next tick, every MS milliseconds. Every DROPS ticks it
 * dumps all LISTEN sockets of IPv4 and IPv6 with their drops; at each of the others it dumps them without (`dump`), or asks for
 * each of those that were there at the beginning (`look`). WHAT else it does every so many ticks: STATES:ATTRIBUTES is a dump of
 * such sockets, as dump.c has them, `unix` one of listening UNIX sockets, and a path is a file that is read. Without any of it
 * if only the time is given. Prints its CPU time as a share of one core.
 * Usage: sampler SECONDS MS [dump|look DROPS [WHAT=EVERY...]]
 */
#define _GNU_SOURCE
#define main dump_main
#include "dump.c"
#undef main
#include <linux/unix_diag.h>

static void count(struct nlmsghdr *header)
{
	(void)header;
	sum.sockets++;
}

static void dump_unix(int fd)
{
	static uint32_t sequence;
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
	receive(fd, sequence, count);
}

#define MOST 64

struct look {
	struct nlmsghdr header;
	struct inet_diag_req_v2 query;
};

static struct look looks[MOST];
static int look_count;

static void name(struct nlmsghdr *header)
{
	struct inet_diag_msg *socket = NLMSG_DATA(header);

	if (look_count == MOST)
		die("too many listeners to name");
	looks[look_count++] = (struct look){
		.header = { .nlmsg_len = sizeof looks[0], .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
		.query = { .sdiag_family = socket->idiag_family, .sdiag_protocol = IPPROTO_TCP,
			   .idiag_states = 1 << 10, .id = socket->id },
	};
}

/* Names all LISTEN sockets of one family. */
static void learn(int fd, int family)
{
	struct look request = {
		.header = { .nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.query = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << 10 },
	};

	if (send(fd, &request, sizeof request, 0) < 0)
		die("send");
	receive(fd, 0, name);
}

/* Asks for each of them. */
static void look(int fd)
{
	static char answers[MOST][1024] __attribute__((aligned(8)));
	static struct iovec places[MOST];
	static struct mmsghdr messages[MOST];

	for (int i = 0; i < look_count; i++) {
		places[i] = (struct iovec){ answers[i], sizeof answers[i] };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &places[i], .msg_iovlen = 1 };
	}
	if (send(fd, looks, look_count * sizeof looks[0], 0) < 0)
		die("send");
	if (recvmmsg(fd, messages, look_count, MSG_DONTWAIT, NULL) != look_count)
		die("recvmmsg");
	for (int i = 0; i < look_count; i++) {
		if (((struct nlmsghdr *)answers[i])->nlmsg_type == NLMSG_ERROR)
			die("a listener is gone");
		take((struct nlmsghdr *)answers[i]);
	}
}

struct work {
	int fd; /* of a file; -1 for a dump */
	unsigned states, attributes; /* no states: UNIX sockets */
	long every;
};

static struct work work_of(char *text)
{
	struct work work = { .fd = -1 };
	char *equals = strrchr(text, '=');

	if (!equals || (work.every = atol(equals + 1)) < 1) {
		fprintf(stderr, "not WHAT=EVERY: %s\n", text);
		exit(1);
	}
	*equals = 0;
	if (*text == '/') {
		if ((work.fd = open(text, O_RDONLY | O_CLOEXEC)) < 0)
			die(text);
	} else if (strcmp(text, "unix") != 0 && sscanf(text, "%u:%u", &work.states, &work.attributes) != 2) {
		fprintf(stderr, "nothing to read: %s\n", text);
		exit(1);
	}
	return work;
}

static void do_work(int fd, const struct work *work)
{
	static char text[16384];
	ssize_t length;

	if (work->states) {
		dump(fd, work->states, work->attributes);
	} else if (work->fd < 0) {
		dump_unix(fd);
	} else {
		if ((length = pread(work->fd, text, sizeof text, 0)) < 0)
			die("pread");
		sum.sockets += text[length / 2];
	}
}

int main(int count, char **arguments)
{
	struct timespec begin, tick, cpu;
	struct work works[MOST];
	double seconds = count > 1 ? atof(arguments[1]) : 1;
	int milliseconds = count > 2 ? atoi(arguments[2]) : 1;
	int looking = count > 3 && strcmp(arguments[3], "look") == 0;
	long drops = count > 4 ? atol(arguments[4]) : 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), kinds = 0;
	long ticks = seconds * 1000 / milliseconds;

	for (int i = 5; i < count && kinds < MOST; i++)
		works[kinds++] = work_of(arguments[i]);
	if (looking) {
		learn(fd, AF_INET);
		learn(fd, AF_INET6);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	tick = begin;
	for (long i = 0; i < ticks; i++) {
		tick.tv_nsec += milliseconds * 1000000L;
		if (tick.tv_nsec >= 1000000000) {
			tick.tv_nsec -= 1000000000;
			tick.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
		if (drops > 0 && looking && i % drops != 0)
			look(fd);
		else if (drops > 0)
			dump(fd, 1 << 10, i % drops == 0 ? 1 << (INET_DIAG_SKMEMINFO - 1) : 0);
		for (int k = 0; k < kinds; k++)
			if (i % works[k].every == 0)
				do_work(fd, &works[k]);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%f\n", (cpu.tv_sec + cpu.tv_nsec / 1e9) / seconds);
	return 0;
}
