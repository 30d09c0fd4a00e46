/** Programs that make Holdfast's images: files in, image archive out, the same bytes for the same files. */
package io.holdfast.images;
