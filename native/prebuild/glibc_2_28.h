// Included before every file of a prebuild. glibc has newer versions of these functions since 2.28:
// binds to the oldest, so that the binary loads wherever Node's own does. Both versions behave
// alike.
#pragma once

#if defined(__x86_64__)
#define CAIO_OLDEST "GLIBC_2.2.5"
#define CAIO_OLDEST_SETNAME "GLIBC_2.12"
#define CAIO_OLDEST_SETCLOCK "GLIBC_2.3.3"
#elif defined(__aarch64__)
#define CAIO_OLDEST "GLIBC_2.17"
#define CAIO_OLDEST_SETNAME "GLIBC_2.17"
#define CAIO_OLDEST_SETCLOCK "GLIBC_2.17"
#else
#error "name the oldest versions for this processor"
#endif

#define CAIO_BIND(name, version) __asm__(".symver " #name ", " #name "@" version)
CAIO_BIND(pthread_sigmask, CAIO_OLDEST);                     // new in 2.32
CAIO_BIND(pthread_attr_setstacksize, CAIO_OLDEST);           // new in 2.34
CAIO_BIND(pthread_create, CAIO_OLDEST);                      // new in 2.34
CAIO_BIND(pthread_join, CAIO_OLDEST);                        // new in 2.34
CAIO_BIND(pthread_mutex_trylock, CAIO_OLDEST);               // new in 2.34
CAIO_BIND(pthread_setname_np, CAIO_OLDEST_SETNAME);          // new in 2.34
CAIO_BIND(pthread_condattr_setclock, CAIO_OLDEST_SETCLOCK);  // new in 2.34
#undef CAIO_BIND
