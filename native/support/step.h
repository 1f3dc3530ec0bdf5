// Marks the places at which a test holds a thread while everything else goes on. In the addon, a mark does nothing.
#pragma once

#ifdef CAIO_TEST_STEPS
namespace caio {
// Defined by the test. Whether locks are held depends on the place.
void Step(const char* place);
}  // namespace caio
#define CAIO_STEP(place) ::caio::Step(place)
#else
#define CAIO_STEP(place) static_cast<void>(0)
#endif
