/**
 * {@code ./holdfast bundle}: from declared jars to an image. {@link io.holdfast.jarcache.builder.BundleFile} is what is
 * declared, {@link io.holdfast.jarcache.builder.BundleLock} what was found, {@link
 * io.holdfast.jarcache.builder.BundleImage} what is made of it.
 */
package io.holdfast.jarcache.builder;
