/**
 * The job of the demo: an endless stream of flights, kept per airport. Runs inside Flink's processes, so it needs
 * nothing but Flink's public API and the JDK. Its files in the run directory are the only link to the program that
 * judges it: faults and the end of the stream in, arrivals out.
 */
package io.holdfast.demo.flights;
