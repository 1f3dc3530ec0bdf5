#include "protocol.h"

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
  }
  return "";
}

template <size_t N>
void Append(std::string& text, const char* title, const Number (&numbers)[N]) {
  text += title;
  for (const Number& each : numbers) text.append(" ").append(each.name).append("=").append(std::to_string(each.value));
  text += "\n";
}

}  // namespace

std::string DescribeProtocol() {
  std::string text = "operations";
  for (const Operation& each : kOperations) text.append(" ").append(each.name).append("=").append(NameOf(each.family));
  text += "\n";
  {
    using namespace transfer_field;
    Append(text, "transfer",
           {{"opcode", kOpcode},
            {"fd", kFd},
            {"position", kPosition},
            {"length", kLength},
            {"memoryStart", kMemoryStart},
            {"priority", kPriority},
            {"fileKey", kFileKey},
            {"flags", kFlags}});
  }
  Append(text, "sync", {{"opcode", sync_field::kOpcode}, {"fd", sync_field::kFd}});
  {
    using namespace control_field;
    Append(text, "control",
           {{"opcode", kOpcode},
            {"fd", kFd},
            {"position", kPosition},
            {"length", kLength},
            {"flags", kFlags},
            {"otherFd", kOtherFd},
            {"otherPosition", kOtherPosition}});
  }
  {
    using namespace whole_file_field;
    Append(text, "wholeFile", {{"opcode", kOpcode}, {"length", kLength}, {"mode", kMode}, {"flags", kFlags}});
  }
  {
    using namespace transfer_flag;
    Append(text, "transferFlag", {{"freshMemory", kFreshMemory}, {"durable", kDurable}, {"append", kAppend}});
  }
  Append(text, "wholeFileFlag", {{"append", whole_file_flag::kAppend}, {"flush", whole_file_flag::kFlush}});
  const auto number = [](Route route) { return static_cast<int64_t>(route); };
  Append(text, "route",
         {{"inline", number(Route::kInline)},
          {"kernel", number(Route::kKernel)},
          {"pool", number(Route::kPool)},
          {"node", number(Route::kNode)},
          {"missed", number(Route::kMissed)}});
  Append(text, "numbers",
         {{"recordFields", kRecordFields},
          {"unserved", kUnserved},
          {"whileWriting", kWhileWriting},
          {"whileSyncing", kWhileSyncing}});
  return text;
}

}  // namespace caio
