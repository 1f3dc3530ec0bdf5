#include "protocol.h"

#include <inttypes.h>
#include <stdio.h>

#include "operations.h"

namespace caio {

namespace {

struct Number {
  const char* name;
  int64_t value;
};

const char* NameOf(Family family) {
  switch (family) {
    case Family::kTransfer: return "transfer";
    case Family::kSync: return "sync";
    case Family::kControl: return "control";
    case Family::kWholeFile: return "wholeFile";
    case Family::kPath: return "path";
    case Family::kTimes: return "times";
  }
  return "";
}

// Omits what does not fit, so that the comparison fails.
class Writer {
 public:
  explicit Writer(ProtocolText& text) : text_(text) { text_.length = 0; }

  void Pair(const char* name, const char* value) { Print(" %s=%s", name, value); }
  void Pair(const char* name, int64_t value) { Print(" %s=%" PRId64, name, value); }
  void Begin(const char* title) { Print("%s", title); }
  void End() { Print("%s", "\n"); }

  template <size_t N>
  void Line(const char* title, const Number (&numbers)[N]) {
    Begin(title);
    for (const Number& each : numbers) Pair(each.name, each.value);
    End();
  }

 private:
  template <typename... Arguments>
  void Print(const char* format, Arguments... arguments) {
    const size_t room = sizeof text_.bytes - text_.length;
    const int length = snprintf(text_.bytes + text_.length, room, format, arguments...);
    if (length > 0 && static_cast<size_t>(length) < room) text_.length += static_cast<size_t>(length);
  }

  ProtocolText& text_;
};

}  // namespace

ProtocolText DescribeProtocol() {
  ProtocolText text;
  Writer writer(text);
  writer.Begin("operations");
  for (const Operation& each : kOperations) writer.Pair(each.name, NameOf(each.family));
  writer.End();
  writer.Begin("paths");
  for (const Operation& each : kOperations) writer.Pair(each.name, each.paths);
  writer.End();
  {
    using namespace transfer_field;
    writer.Line("transfer", {{"opcode", kOpcode},
                             {"fd", kFd},
                             {"position", kPosition},
                             {"length", kLength},
                             {"memoryStart", kMemoryStart},
                             {"priority", kPriority},
                             {"fileKey", kFileKey},
                             {"flags", kFlags}});
  }
  writer.Line("sync", {{"opcode", sync_field::kOpcode}, {"fd", sync_field::kFd}});
  {
    using namespace control_field;
    writer.Line("control", {{"opcode", kOpcode},
                            {"fd", kFd},
                            {"position", kPosition},
                            {"length", kLength},
                            {"flags", kFlags},
                            {"otherFd", kOtherFd},
                            {"otherPosition", kOtherPosition}});
  }
  {
    using namespace whole_file_field;
    writer.Line("wholeFile", {{"opcode", kOpcode}, {"length", kLength}, {"mode", kMode}, {"flags", kFlags}});
  }
  {
    using namespace path_field;
    writer.Line("path", {{"opcode", kOpcode},
                         {"mode", kMode},
                         {"uid", kUid},
                         {"gid", kGid},
                         {"flags", kFlags},
                         {"fd", kFd},
                         {"length", kLength}});
  }
  {
    using namespace times_field;
    writer.Line("times", {{"opcode", kOpcode},
                          {"fd", kFd},
                          {"accessSeconds", kAccessSeconds},
                          {"accessNanoseconds", kAccessNanoseconds},
                          {"changeSeconds", kChangeSeconds},
                          {"changeNanoseconds", kChangeNanoseconds}});
  }
  {
    using namespace transfer_flag;
    writer.Line("transferFlag",
                {{"freshMemory", kFreshMemory}, {"durable", kDurable}, {"append", kAppend}, {"moves", kMoves}});
  }
  writer.Line("lockKind",
              {{"none", lock_kind::kNone}, {"shared", lock_kind::kShared}, {"exclusive", lock_kind::kExclusive}});
  writer.Line("spaceFlag", {{"keepSize", space_flag::kKeepSize}});
  writer.Line("alignmentOf", {{"memory", alignment_of::kMemory}, {"offset", alignment_of::kOffset}});
  writer.Line("copyFlag", {{"exclusive", copy_flag::kExclusive}, {"likeSource", copy_flag::kLikeSource}});
  writer.Line(
      "treeFlag",
      {{"follow", tree_flag::kFollow}, {"wholeNames", tree_flag::kWholeNames}, {"unsorted", tree_flag::kUnsorted}});
  writer.Line("removeFlag", {{"recursive", remove_flag::kRecursive}, {"force", remove_flag::kForce}});
  {
    using namespace tree_result;
    writer.Line("treeResult", {{"done", kDone}, {"made", kMade}, {"stopped", kStopped}, {"failed", kFailed}});
  }
  writer.Line("treeCopyFlag", {{"verbatim", tree_copy_flag::kVerbatim}, {"likeSource", tree_copy_flag::kLikeSource}});
  writer.Line("wholeFileFlag", {{"append", whole_file_flag::kAppend},
                                {"flush", whole_file_flag::kFlush},
                                {"exclusive", whole_file_flag::kExclusive}});
  {
    using namespace stats_field;
    writer.Line("stats", {{"dev", kDev},
                          {"mode", kMode},
                          {"nlink", kNlink},
                          {"uid", kUid},
                          {"gid", kGid},
                          {"rdev", kRdev},
                          {"blksize", kBlksize},
                          {"ino", kIno},
                          {"size", kSize},
                          {"blocks", kBlocks},
                          {"atimeSeconds", kAtimeSeconds},
                          {"atimeNanoseconds", kAtimeNanoseconds},
                          {"mtimeSeconds", kMtimeSeconds},
                          {"mtimeNanoseconds", kMtimeNanoseconds},
                          {"ctimeSeconds", kCtimeSeconds},
                          {"ctimeNanoseconds", kCtimeNanoseconds},
                          {"birthtimeSeconds", kBirthtimeSeconds},
                          {"birthtimeNanoseconds", kBirthtimeNanoseconds}});
  }
  {
    using namespace file_system_field;
    writer.Line("fileSystem", {{"type", kType},
                               {"bsize", kBsize},
                               {"frsize", kFrsize},
                               {"blocks", kBlocks},
                               {"bfree", kBfree},
                               {"bavail", kBavail},
                               {"files", kFiles},
                               {"ffree", kFfree}});
  }
  const auto number = [](Route route) { return static_cast<int64_t>(route); };
  writer.Line("route", {{"inline", number(Route::kInline)},
                        {"kernel", number(Route::kKernel)},
                        {"pool", number(Route::kPool)},
                        {"node", number(Route::kNode)},
                        {"missed", number(Route::kMissed)},
                        {"handOff", number(Route::kHandOff)}});
  const auto engine = [](EngineKind kind) { return static_cast<int64_t>(kind); };
  writer.Line("engineKind", {{"linux", engine(EngineKind::kLinux)},
                             {"thread", engine(EngineKind::kThread)},
                             {"uring", engine(EngineKind::kUring)}});
  writer.Line("numbers", {{"recordFields", kRecordFields},
                          {"completionFields", kCompletionFields},
                          {"queueCapacity", kQueueCapacity},
                          {"largestTransfer", kLargestTransfer},
                          {"unserved", kUnserved},
                          {"whileWriting", kWhileWriting},
                          {"whileSyncing", kWhileSyncing},
                          {"whileClosing", kWhileClosing}});
  return text;
}

}  // namespace caio
