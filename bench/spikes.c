/*
 * Fills accept queues for some milliseconds each: COUNT spikes, in turn at LISTENERS queues of backlog 4 whose ports begin
 * at PORT. N + 1 clients connect, nobody is turned away, and after so many milliseconds all are accepted.
 * Prints the milliseconds that each spike lasted at most, a line each. Usage: spikes PORT LISTENERS COUNT MILLISECONDS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4, FITS = BACKLOG + 1, MOST = 128 };
static const double APART_MS = 15;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void until(double ms) {
  double left = ms - now();
  if (left <= 0) return;
  struct timespec t = {(time_t)(left / 1e3), (long)((left - 1e3 * (time_t)(left / 1e3)) * 1e6)};
  nanosleep(&t, NULL);
}

static void check(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  double full_ms = atof(argv[4]);
  int port = atoi(argv[1]), listeners = atoi(argv[2]), count = atoi(argv[3]);
  int servers[MOST];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  for (int i = 0; i < listeners && i < MOST; i++) {
    to.sin_port = htons(port + i);
    check(servers[i] = socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(bind(servers[i], (struct sockaddr *)&to, sizeof to), "bind");
    check(listen(servers[i], BACKLOG), "listen");
  }
  puts("open");
  fflush(stdout);
  getchar(); /* whoever watches is ready */
  srand(1);
  for (int spike = 0; spike < count; spike++) {
    double began = now();
    int clients[FITS];
    to.sin_port = htons(port + spike % listeners);
    for (int i = 0; i < FITS; i++) {
      check(clients[i] = socket(AF_INET, SOCK_STREAM, 0), "socket");
      if (i == FITS - 1) began = now(); /* from here on it is full */
      check(connect(clients[i], (struct sockaddr *)&to, sizeof to), "connect");
    }
    until(now() + full_ms);
    double lasted = 0;
    for (int i = 0; i < FITS; i++) {
      int accepted = accept(servers[spike % listeners], NULL, NULL);
      check(accepted, "accept");
      if (i == 0) lasted = now() - began;
      close(clients[i]);
      close(accepted);
    }
    printf("%.3f\n", lasted);
    /* Not in step with whoever reads every so many milliseconds. */
    until(now() + APART_MS - full_ms + 10.0 * rand() / RAND_MAX);
  }
  puts("done");
  fflush(stdout);
  getchar(); /* whoever watches has seen the last one */
  return 0;
}
