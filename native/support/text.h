// A growing text with a terminating zero. Not std::string, half of which is in libstdc++: a
// prebuild does without that.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

namespace caio {

class Text {
 public:
  Text() : bytes_(1, '\0') {}
  explicit Text(const char* text) : Text(text, strlen(text)) {}
  Text(const char* bytes, size_t length) : Text() { Append(bytes, length); }

  const char* c_str() const { return bytes_.data(); }
  size_t size() const { return bytes_.size() - 1; }
  char last() const { return size() > 0 ? bytes_[size() - 1] : '\0'; }

  Text& Append(const char* bytes, size_t length) {
    bytes_.insert(bytes_.end() - 1, bytes, bytes + length);
    return *this;
  }
  Text& Append(const char* text) { return Append(text, strlen(text)); }
  Text& Append(const Text& text) { return Append(text.c_str(), text.size()); }
  Text& Append(char byte) { return Append(&byte, 1); }

  // Keeps only the first `length` bytes.
  void Cut(size_t length) {
    bytes_.resize(length);
    bytes_.push_back('\0');
  }

  bool operator==(const Text& other) const { return bytes_ == other.bytes_; }
  bool operator!=(const Text& other) const { return bytes_ != other.bytes_; }

 private:
  std::vector<char> bytes_;
};

}  // namespace caio
