// The decoder between JavaScript's numbers and memory: what it refuses, and how it decodes the rest.
#include "../../native/request/decode.h"

#include <errno.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <random>

using namespace caio;

namespace {

char memory[256];
int failed = 0;

void Expect(bool holds, const char* what) {
  if (holds) return;
  failed++;
  printf("not so: %s\n", what);
}

// Decodes a transfer: opcode, descriptor, position, length, start in the view.
int Decode(double opcode, double fd, double position, double length, double start, size_t view_length,
           Request& request) {
  const double record[kRecordFields] = {opcode, fd, position, length, start, 0, 0, 0};
  const View view{memory, view_length};
  return DecodeRequest(record, &view, 1, request);
}

int Refusal(double opcode, double fd, double position, double length, double start,
            size_t view_length = sizeof memory) {
  Request request;
  return Decode(opcode, fd, position, length, start, view_length, request);
}

int DecodeOne(Opcode opcode, std::initializer_list<double> rest, Request& request) {
  double record[kRecordFields] = {static_cast<double>(opcode)};
  std::copy(rest.begin(), rest.end(), record + 1);
  const View view{memory, sizeof memory};
  return DecodeRequest(record, &view, 1, request);
}

// No number has two meanings: a field of one family is not another's.
void Families() {
  Request copy;
  Expect(DecodeOne(Opcode::kCopyFileRange, {3, 100, 200, 8, 4, 300, 0}, copy) == 0, "a copy is accepted");
  Expect(copy.fd == 3 && copy.offset == 100 && copy.length == 200, "its own file, place and length");
  Expect(copy.control.flags == 8 && copy.control.other_fd == 4 && copy.control.other_offset == 300,
         "its flags, the other file and place");
  Expect(!copy.is_durable() && !copy.moves_position() && !copy.shares_sync() && copy.moved() == 0,
         "and nothing of a transfer's");
  Request lock;
  Expect(DecodeOne(Opcode::kLock, {3, 0, 0, 2, 0, 0, 0}, lock) == 0 && !lock.is_durable() && lock.control.flags == 2,
         "a lock is no durable write");
  Request sync;
  Expect(DecodeOne(Opcode::kFdsync, {3, -1, NAN, -1, -1, -1, -1}, sync) == 0 && sync.fd == 3,
         "of a sync nothing else is looked at");
  Request write;
  Expect(DecodeOne(Opcode::kWrite, {3, 0, 10, 0, 8, 77, transfer_flag::kDurable}, write) == 0, "a write is accepted");
  Expect(
      write.transfer.durable && !write.transfer.append && write.transfer.priority == 8 && write.transfer.file_key == 77,
      "its priority is none of its flags");
  Request file;
  Expect(DecodeOne(Opcode::kWriteFile, {10, 0600, whole_file_flag::kFlush}, file) == 0, "a whole file is accepted");
  Expect(file.fd == -1 && file.offset == 0 && file.file.mode == 0600 && file.file.flags == whole_file_flag::kFlush,
         "it has a mode and flags, and no descriptor");
  Request names;
  Expect(DecodeOne(Opcode::kChown, {0, 1000, 4294967295.0, 0, 0}, names) == 0, "a path is accepted");
  Expect(names.names.uid == 1000 && names.names.gid == static_cast<gid_t>(-1) && names.fd == -1,
         "it has an owner and a group, and no descriptor");
  Request open_file;
  Expect(DecodeOne(Opcode::kFstat, {0, 0, 0, 0, 7}, open_file) == 0 && open_file.fd == 7, "what is open has one");
  Request refused;
  Expect(DecodeOne(Opcode::kMkdir, {010000, 0, 0, 0, 0}, refused) == -EINVAL, "more than permissions is refused");
  Expect(DecodeOne(Opcode::kWrite, {3, 0, 10, 0, 0, 0, 16}, refused) == -EINVAL, "an unknown flag is refused");
  Expect(DecodeOne(Opcode::kWriteFile, {10, 010000, 0}, refused) == -EINVAL, "what is no mode is refused");
  Expect(DecodeOne(Opcode::kLock, {3, 0, 0, 256, 0, 0, 0}, refused) == -EINVAL, "flags that are none are refused");
  Expect(DecodeOne(Opcode::kLock, {3, 0, 0, 1, -1, 0, 0}, refused) == -EINVAL,
         "another descriptor that is none is refused");
}

// Whatever the numbers, an accepted request stays inside the view.
void Fuzz(int rounds) {
  std::mt19937_64 random(20261122);
  const double odd[] = {0,
                        1,
                        -1,
                        255,
                        256,
                        257,
                        0.5,
                        1e300,
                        -1e300,
                        NAN,
                        INFINITY,
                        -INFINITY,
                        9007199254740991.0,
                        9007199254740992.0,
                        2147483647.0,
                        2147483648.0,
                        4294967296.0,
                        18446744073709551615.0};
  const auto pick = [&] { return odd[random() % (sizeof odd / sizeof odd[0])]; };
  for (int i = 0; i < rounds; i++) {
    Request request;
    const size_t view_length = random() % (sizeof memory + 1);
    const auto opcode = static_cast<double>(random() % 4 ? random() % 2 : random() % (kOperationCount + 1));
    const double record[kRecordFields] = {opcode, pick(), pick(), pick(), pick(), pick(), pick(), pick()};
    const View view{memory, view_length};
    if (DecodeRequest(record, &view, 1, request) != 0) continue;
    if (IsSync(request.opcode) || IsControl(request.opcode) || IsTimes(request.opcode)) continue;
    if (request.vectors) {
      Expect(request.vectors[0].iov_base == memory && request.vectors[0].iov_len == view_length,
             "a vector is its view");
      continue;
    }
    const char* start = static_cast<char*>(request.single.iov_base);
    Expect(start >= memory && start + request.single.iov_len <= memory + view_length,
           "an accepted request stays inside its view");
  }
}

}  // namespace

int main() {
  Families();
  Request request;
  Expect(Decode(0, 3, 9007199254740991.0, 16, 8, 24, request) == 0, "a read that just fits is accepted");
  Expect(request.offset == 9007199254740991 && request.single.iov_base == memory + 8 && request.single.iov_len == 16,
         "its numbers are exact");
  Expect(Refusal(0, 3, 0, 17, 8, 24) == -EFAULT, "a byte too many is refused");
  Expect(Refusal(0, 3, 0, 0, 25, 24) == -EFAULT, "a start behind the end is refused");
  Expect(Refusal(0, 3, 0, 9007199254740991.0, 9007199254740991.0) == -EFAULT, "sums that would overflow are refused");
  for (const double bad : {-1.0, static_cast<double>(NAN), 1e300, static_cast<double>(INFINITY)}) {
    Expect(Refusal(bad, 3, 0, 1, 0) == -EINVAL, "a bad opcode is refused");
    Expect(Refusal(0, bad, 0, 1, 0) == -EINVAL, "a bad descriptor is refused");
    Expect(Refusal(0, 3, bad, 1, 0) == -EINVAL, "a bad offset is refused");
    Expect(Refusal(0, 3, 0, bad, 0) == -EINVAL, "a bad length is refused");
    Expect(Refusal(0, 3, 0, 1, bad) == -EINVAL, "a bad start is refused");
  }
  const View views[] = {{memory, 10}, {memory + 10, 0}, {memory + 10, 20}};
  const double vectored[kRecordFields] = {2, 3, 0, 30, 0, 0, 0, 0};
  Request several;
  Expect(DecodeRequest(vectored, views, 3, several) == 0 && several.iov_count() == 3, "vectors are taken whole");
  Request shrunk;
  Expect(DecodeRequest(vectored, views, 2, shrunk) == -EFAULT, "vectors that are not what was asked for are refused");
  several.Advance(15);
  Expect(several.iov_count() == 1 && several.iov()[0].iov_base == memory + 15 && several.iov()[0].iov_len == 15,
         "going on behind a part begins in the middle of a vector");
  const int rounds = 1000000;
  Fuzz(rounds);
  printf("%d random records, %d expectations failed\n", rounds, failed);
  return failed;
}
