// The places at which a test holds a thread, so that everything else happens meanwhile. Nothing in the addon.
#pragma once

#ifdef CAIO_TEST_STEPS
namespace caio {
// The test's own; called with or without locks held, as the place has it.
void Step(const char* place);
}  // namespace caio
#define CAIO_STEP(place) ::caio::Step(place)
#else
#define CAIO_STEP(place) static_cast<void>(0)
#endif
