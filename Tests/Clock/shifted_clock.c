// Shifts the wall clock of the program that preloads it by CLOCK_SHIFT seconds; the monotonic clock stays.
//
// libfaketime moves the environment, by which Swift finds a program's arguments.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long shift(void) {
  const char *text = getenv("CLOCK_SHIFT");
  return text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec moment;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &moment) != 0) return -1;
  now->tv_sec = moment.tv_sec;
  now->tv_usec = moment.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec moment;
  if (clock_gettime(CLOCK_REALTIME, &moment) != 0) return -1;
  if (now) *now = moment.tv_sec;
  return moment.tv_sec;
}
