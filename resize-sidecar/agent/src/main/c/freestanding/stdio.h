/* jni.h asks for it and uses nothing of it: so a compiler without a libc's headers will do. */
