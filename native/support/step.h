// Marks a place where a test holds a thread while everything else goes on. Does nothing in the
// addon.
#pragma once

#ifdef CAIO_TEST_STEPS
namespace caio {
// Defined by the test. Locks may be held, depending on the place.
void Step(const char* place);
}  // namespace caio
#define CAIO_STEP(place) ::caio::Step(place)
#else
#define CAIO_STEP(place) static_cast<void>(0)
#endif
