/** This pod, through the API server: what it asks for, its one writer, and its events. It never touches another pod. */
package io.holdfast.resize.pod;
