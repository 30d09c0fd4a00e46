/**
 * What Holdfast's Quarkus programs share: their start and end, how their settings are read from variables, and how they
 * log.
 *
 * <p>A program's {@code main} is one line:
 *
 * <pre>{@code
 * @QuarkusMain
 * public final class JarCacheInit {
 *     public static void main(String[] args) {
 *         new ProgramStart("jar-cache-init", "HOLDFAST_JAR_CACHE").run(JarCacheProgram.class, args);
 *     }
 * }
 * }</pre>
 */
package io.holdfast.quarkus;
