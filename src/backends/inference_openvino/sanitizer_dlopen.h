// Lets OpenVINO run under the address sanitizer. Included by one file, and empty without that sanitizer.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <dlfcn.h>

extern "C" void* __interceptor_dlopen(const char* file, int mode);  // NOLINT: the sanitizer's name

// oneTBB asks for RTLD_DEEPBIND, which the sanitizer answers by ending the program. This definition goes before the
// sanitizer's own, which is weak.
extern "C" void* dlopen(const char* file, int mode) noexcept {
  return __interceptor_dlopen(file, mode & ~RTLD_DEEPBIND);
}
#endif
#endif
