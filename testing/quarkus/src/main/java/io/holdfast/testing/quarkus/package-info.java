/** For tests of Quarkus programs: settings read from variables without a start, and the page of all variables. */
package io.holdfast.testing.quarkus;
