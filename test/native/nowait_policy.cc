// The NOWAIT rule as a table: after these answers, is another attempt made, and after how many skipped ones?
#include "../../native/linux/nowait_policy.h"

#include <cstdio>
#include <string>

using namespace caio;

namespace {

struct Row {
  const char* answers;  // h hit, m miss, r refused
  int pause;            // operations let pass before the next attempt, -1 for never again
};

const Row kTable[] = {
    {"", 0},       {"h", 0},          {"m", 0},
    {"mmm", 0},    {"mmmm", 1},       {"mmmmm", 2},
    {"mmmmmm", 4}, {"mmmmmmmmm", 32}, {"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", 32},
    {"mmmh", 0},   {"mmmhmmm", 0},    {"mmmmmmhmmmm", 1},
    {"r", -1},     {"hr", -1},        {"rh", -1},
    {"mmmmr", -1},
};

int PauseAfter(const char* answers) {
  NowaitHistory history;
  for (const char* at = answers; *at; at++) {
    history = Learn(history, *at == 'h'   ? NowaitAnswer::kHit
                             : *at == 'm' ? NowaitAnswer::kMiss
                                          : NowaitAnswer::kRefused);
  }
  for (int let_pass = 0; let_pass < 1000; let_pass++) {
    if (ShouldTry(history)) return let_pass;
  }
  return -1;
}

}  // namespace

int main() {
  int failed = 0;
  for (const Row& row : kTable) {
    const int pause = PauseAfter(row.answers);
    if (pause == row.pause) continue;
    failed++;
    printf("after \"%s\": expected a pause of %d, found %d\n", row.answers, row.pause, pause);
  }
  printf("%zu rows, %d failed\n", sizeof kTable / sizeof kTable[0], failed);
  return failed;
}
