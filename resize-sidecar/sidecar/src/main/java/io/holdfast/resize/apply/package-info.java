/** What changes something outside: steps, one after the other. */
package io.holdfast.resize.apply;
