/** Where notices come from, each place in a class of its own, and the board where they all are. */
package io.holdfast.migration.notice;
