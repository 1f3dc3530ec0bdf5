#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "descriptor.h"
#include "processors.h"

namespace caio {

namespace {

constexpr size_t kLongest = 4096;

// Content of a file as text. False if it cannot be read.
bool ReadText(const char* path, char (&text)[kLongest]) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;
  const ssize_t length = read(file.get(), text, sizeof text - 1);
  if (length < 0) return false;
  text[length] = 0;
  return true;
}

// Smallest quota of a control group and its ancestors; 0 for none. Cuts `group`, its path, down to
// each ancestor.
double LeastOf(const char* root, char* group, double (*quota_of)(const char* directory)) {
  double least = 0;
  for (;;) {
    char directory[kLongest];
    const int length = snprintf(directory, sizeof directory, "%s%s", root, group);
    const double quota = length < static_cast<int>(sizeof directory) ? quota_of(directory) : 0;
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
    char* end = strrchr(group, '/');
    if (!end || *group == 0) return least;
    *end = 0;
  }
}

double QuotaOfSecond(const char* directory) {
  char path[kLongest + 16], text[kLongest];
  snprintf(path, sizeof path, "%s/cpu.max", directory);
  double quota, period;
  if (!ReadText(path, text) || sscanf(text, "%lf %lf", &quota, &period) != 2 || period <= 0) return 0;
  return quota / period;
}

double QuotaOfFirst(const char* directory) {
  char path[kLongest + 32], text[kLongest];
  double quota, period;
  snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
  if (!ReadText(path, text) || sscanf(text, "%lf", &quota) != 1 || quota <= 0) return 0;
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
  if (!ReadText(path, text) || sscanf(text, "%lf", &period) != 1 || period <= 0) return 0;
  return quota / period;
}

}  // namespace

unsigned Processors() {
  // Room for 8,192 processors.
  unsigned long mask[128] = {};
  if (sched_getaffinity(0, sizeof mask, reinterpret_cast<cpu_set_t*>(mask)) != 0) return 1;
  unsigned count = 0;
  for (const unsigned long part : mask) count += static_cast<unsigned>(__builtin_popcountl(part));
  return count;
}

double ProcessorQuota() {
  char groups[kLongest];
  if (!ReadText("/proc/self/cgroup", groups)) return 0;
  double least = 0;
  // One line per hierarchy: its number, its controllers, this process's group in it.
  for (char *rest = groups, *line; (line = strsep(&rest, "\n")) != nullptr;) {
    char* controllers = strchr(line, ':');
    char* group = controllers ? strchr(controllers + 1, ':') : nullptr;
    if (!group) continue;
    *controllers++ = 0;
    *group++ = 0;
    double quota = 0;
    if (*controllers == 0) {
      quota = LeastOf("/sys/fs/cgroup", group, QuotaOfSecond);
    } else if (strcmp(controllers, "cpu") == 0 || strcmp(controllers, "cpu,cpuacct") == 0) {
      quota = LeastOf("/sys/fs/cgroup/cpu", group, QuotaOfFirst);
    }
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
  }
  return least;
}

}  // namespace caio
