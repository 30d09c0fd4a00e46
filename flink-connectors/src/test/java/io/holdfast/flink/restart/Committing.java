package io.holdfast.flink.restart;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;

/**
 * Collects the beginnings of records, up to the colon, and commits them with the checkpoint they belong to, once,
 * whoever is told of it.
 */
final class Committing extends RichMapFunction<String, String> implements CheckpointedFunction, CheckpointListener {

    /** What was committed, by transaction. The name of a transaction begins with that of the output. */
    private static final Map<String, Collection<String>> COMMITTED = new ConcurrentHashMap<>();

    /** The latest number by output and key, of records that read {@code key=number}; committed or not. */
    private static final Map<String, Long> LATEST = new ConcurrentHashMap<>();

    private final String output;
    private transient List<String> current;
    private transient List<Tuple2<String, List<String>>> prepared;
    private transient ListState<Tuple2<String, List<String>>> state;

    Committing(String output) {
        this.output = output;
    }

    static void reset() {
        COMMITTED.clear();
        LATEST.clear();
    }

    static int transactions() {
        return COMMITTED.size();
    }

    /** Records that were committed to {@code output}, in no order. */
    static List<String> committed(String output) {
        return COMMITTED.entrySet().stream()
                .filter(transaction -> transaction.getKey().startsWith(output + "/"))
                .flatMap(transaction -> transaction.getValue().stream())
                .toList();
    }

    /** Of records that read {@code key=number}: the sum of each key's latest number. */
    static long sumOfLatest(String output) {
        return LATEST.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(output + "/"))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Commits {@code records} as {@code transaction}; whether it was the first time. */
    static boolean commit(String transaction, Collection<String> records) {
        return COMMITTED.putIfAbsent(transaction, records) == null;
    }

    static String newTransaction(String output) {
        return output + "/" + UUID.randomUUID();
    }

    @Override
    public String map(String record) {
        String beginning = record.substring(0, record.indexOf(':'));
        current.add(beginning);
        int equals = beginning.indexOf('=');
        if (equals > 0) {
            LATEST.put(output + "/" + beginning.substring(0, equals), Long.valueOf(beginning.substring(equals + 1)));
        }
        return record;
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        prepared.add(Tuple2.of(newTransaction(output), current));
        current = new ArrayList<>();
        state.update(prepared);
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        current = new ArrayList<>();
        prepared = new ArrayList<>();
        state = context.getOperatorStateStore()
                .getListState(
                        new ListStateDescriptor<>("prepared", Types.TUPLE(Types.STRING, Types.LIST(Types.STRING))));
        for (Tuple2<String, List<String>> transaction : state.get()) {
            commit(transaction.f0, transaction.f1);
        }
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        // with one checkpoint at a time, all that is prepared belongs to this one or an earlier one
        prepared.forEach(transaction -> commit(transaction.f0, transaction.f1));
        prepared.clear();
    }
}
