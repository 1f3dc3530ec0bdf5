// Requests that a pool thread has taken off the queue. Other threads can take those not begun, so
// that none waits behind a slow one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

#include "../request/request.h"

namespace caio {

// Places are filled and emptied under the pool's mutex. The owner begins them without it, each by
// one atomic step.
class Hand {
 public:
  static constexpr size_t kMost = 16;

  // Owner, with the mutex. Other threads take nothing from a hand that is not shared: its requests
  // are ordered.
  void Clear(bool shared) {
    count_ = 0;
    shared_ = shared;
  }
  void Add(Request&& request) {
    Place& place = places_[count_++];
    place.request = std::move(request);
    place.open.store(true, std::memory_order_relaxed);
  }

  // Owner, with the mutex: for a single request that it begins at once. A thread woken to take it
  // would find nothing.
  void Keep() { shared_ = false; }

  // Any thread, with the mutex: for requests whose order only serves speed. Others do them sooner.
  void Share() { shared_ = true; }

  // Owner.
  size_t count() const { return count_; }
  Request& operator[](size_t place) { return places_[place].request; }
  // False if another thread has taken the request, or it was cancelled.
  bool Begin(size_t place) { return places_[place].open.exchange(false, std::memory_order_acq_rel); }

  // The functions below: any thread, with the mutex.

  // Whether a request has not been begun, whether or not others may take it.
  bool HasLeft() const {
    for (size_t place = 0; place < count_; place++) {
      if (places_[place].open.load(std::memory_order_relaxed)) return true;
    }
    return false;
  }

  bool HasOpen() const { return shared_ && HasLeft(); }

  // Takes the next request not begun; false if there is none, or others may not take it.
  bool Take(Request& request) {
    return shared_ && TakeIf([](const Request&) { return true; }, request);
  }

  // Takes the first request not begun that `matches`, whether shared or not. Its owner may begin it
  // at this moment: `matches` may use only what does not change then, such as the id.
  template <typename Matches>
  bool TakeIf(Matches matches, Request& request) {
    for (size_t place = 0; place < count_; place++) {
      Place& each = places_[place];
      if (!each.open.load(std::memory_order_relaxed) || !matches(each.request)) continue;
      if (!each.open.exchange(false, std::memory_order_acq_rel)) continue;
      request = std::move(each.request);
      each.request = Request{};
      return true;
    }
    return false;
  }

 private:
  struct Place {
    Request request;
    std::atomic<bool> open{false};
  };
  std::array<Place, kMost> places_;
  size_t count_ = 0;
  bool shared_ = false;
};

}  // namespace caio
