package io.holdfast.flink.rest;

import java.io.Serializable;
import java.util.Map;
import org.apache.flink.runtime.rest.messages.ResponseBody;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.annotation.JsonValue;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;

/**
 * An answer about moves.
 *
 * @param status that says what came of the request
 * @param content the JSON document
 */
record MoveView(HttpResponseStatus status, @JsonValue Map<String, Serializable> content) implements ResponseBody {}
