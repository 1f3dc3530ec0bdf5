#include "kernel_slots.h"

#include <algorithm>
#include <utility>

#include "../support/mutex.h"

namespace caio {

void KernelSlots::Make(uint32_t count) {
  slots_.resize(count);
  free_.reserve(count);
  for (uint32_t slot = count; slot-- > 0;) free_.push_back(slot);
}

bool KernelSlots::HasFree() {
  if (free_.empty()) TakeBack();
  return !free_.empty();
}

uint32_t KernelSlots::Take(Request&& request) {
  const uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot] = std::move(request);
  return slot;
}

void KernelSlots::Free(uint32_t slot) {
  free_.push_back(slot);
  const auto is_that = [=](const Deputed& each) { return each.slot == slot; };
  const auto deputed = std::find_if(deputed_.begin(), deputed_.end(), is_that);
  if (deputed == deputed_.end()) return;
  *deputed = deputed_.back();
  deputed_.pop_back();
}

void KernelSlots::Depute(uint32_t slot) {
  const Request& request = slots_[slot];
  deputed_.push_back({slot, request.channel, request.id});
}

void KernelSlots::FreeDeputed(uint32_t channel, uint32_t id) {
  const auto is_that = [=](const Deputed& each) { return each.channel == channel && each.id == id; };
  const auto deputed = std::find_if(deputed_.begin(), deputed_.end(), is_that);
  if (deputed != deputed_.end()) Free(deputed->slot);
}

void KernelSlots::GiveBack(uint32_t slot) {
  MutexLock lock(mutex_);
  given_back_.push_back(slot);
}

void KernelSlots::TakeBack() {
  MutexLock lock(mutex_);
  for (const uint32_t slot : given_back_) Free(slot);
  given_back_.clear();
}

}  // namespace caio
