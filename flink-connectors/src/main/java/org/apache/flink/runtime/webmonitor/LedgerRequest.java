package org.apache.flink.runtime.webmonitor;

import org.apache.flink.runtime.operators.coordination.CoordinationRequest;

/**
 * Asks a job's scheduler for its ledger. It travels as a request to an operator's coordinator, which the REST endpoint
 * can send to any JobMaster. Here because messages between processes must be visible to Flink's RPC class loader.
 */
public final class LedgerRequest implements CoordinationRequest {

    private static final long serialVersionUID = 1L;

    /** Name of the operator that is asked for; no job has it, and Holdfast's scheduler looks at the request only. */
    public static final String OPERATOR = "holdfast-ledger";
}
