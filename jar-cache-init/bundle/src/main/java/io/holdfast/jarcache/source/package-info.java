/** Where jars are fetched from: each kind of source behind one interface. */
package io.holdfast.jarcache.source;
