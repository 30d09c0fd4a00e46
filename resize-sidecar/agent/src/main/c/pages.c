/*
 * Gives the pages inside a zeroed array back to the kernel. For Java 17 and 21, which cannot call madvise without this.
 * No libc: the one system call is made by hand, so the library loads under glibc and musl.
 */
#include <jni.h>
#include <stdint.h>

#define MADV_DONTNEED 4

static long madvise_dontneed(uintptr_t from, uintptr_t length) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(28L), "D"(from), "S"(length), "d"((long) MADV_DONTNEED)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long number __asm__("x8") = 233;
    register uintptr_t argument0 __asm__("x0") = from;
    register uintptr_t argument1 __asm__("x1") = length;
    register long argument2 __asm__("x2") = MADV_DONTNEED;
    __asm__ volatile("svc #0"
                     : "+r"(argument0)
                     : "r"(number), "r"(argument1), "r"(argument2)
                     : "memory");
    return (long) argument0;
#else
#error "Only amd64 and arm64"
#endif
}

/*
 * Returns the bytes given back, or the negated error number. The array must be all zero: its pages read as zero after.
 * Within the critical section no collector moves it, and madvise takes no lock that a collector's thread waits for.
 */
JNIEXPORT jlong JNICALL Java_io_holdfast_agent_heap_JniPageRelease_release0(
        JNIEnv *env, jclass type, jlongArray array, jlong page_bytes) {
    (void) type;
    jsize length = (*env)->GetArrayLength(env, array);
    jlong *elements = (*env)->GetPrimitiveArrayCritical(env, array, 0);
    if (elements == 0) {
        return -12; /* ENOMEM */
    }
    uintptr_t mask = (uintptr_t) page_bytes - 1;
    uintptr_t from = ((uintptr_t) elements + mask) & ~mask;
    uintptr_t to = (uintptr_t) (elements + length) & ~mask;
    long result = to > from ? madvise_dontneed(from, to - from) : 0;
    (*env)->ReleasePrimitiveArrayCritical(env, array, elements, JNI_ABORT);
    return result < 0 ? result : to > from ? (jlong) (to - from) : 0;
}
