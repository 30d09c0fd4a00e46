package org.apache.flink.runtime.webmonitor;

import java.io.Serializable;
import java.util.LinkedHashMap;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;

/** The answer to a {@link LedgerRequest}. Here because messages between processes must be visible to Flink's RPC class loader. */
public final class LedgerResponse implements CoordinationResponse {

    private static final long serialVersionUID = 1L;

    private final LinkedHashMap<String, Serializable> ledger;

    /** JobMaster main thread. {@code ledger} is made of maps, lists and plain values. */
    public LedgerResponse(LinkedHashMap<String, Serializable> ledger) {
        this.ledger = ledger;
    }

    /** Any thread. */
    public LinkedHashMap<String, Serializable> ledger() {
        return ledger;
    }
}
