// RESTITCH_SANITIZED: a sanitizer watches what is allocated. GCC says so by macros, Clang by features.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RESTITCH_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RESTITCH_SANITIZED 1
#endif
#endif
