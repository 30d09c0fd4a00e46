package io.holdfast.flink.restart;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;

/** A sink with writer and committer. Its committables are what a writer wrote since the last checkpoint. */
class TwoPhaseSink implements Sink<String>, SupportsCommitter<TwoPhaseSink.Transaction> {

    record Transaction(String id, List<String> records) {}

    private final String output;
    private final int recordsBeforeFault;

    TwoPhaseSink(String output) {
        this(output, FaultPoint.A_FEW_CHECKPOINTS);
    }

    /** Its writers fail, if told to, after {@code recordsBeforeFault} records. */
    TwoPhaseSink(String output, int recordsBeforeFault) {
        this.output = output;
        this.recordsBeforeFault = recordsBeforeFault;
    }

    /** All committables go to the first committer. */
    static final class Gathering extends TwoPhaseSink implements SupportsPreCommitTopology<Transaction, Transaction> {

        Gathering(String output) {
            super(output);
        }

        Gathering(String output, int recordsBeforeFault) {
            super(output, recordsBeforeFault);
        }

        @Override
        public DataStream<CommittableMessage<Transaction>> addPreCommitTopology(
                DataStream<CommittableMessage<Transaction>> committables) {
            return committables.global();
        }

        @Override
        public SimpleVersionedSerializer<Transaction> getWriteResultSerializer() {
            return new TransactionSerializer();
        }
    }

    @Override
    public CommittingSinkWriter<String, Transaction> createWriter(WriterInitContext context) {
        FaultPoint faults = new FaultPoint("writer", recordsBeforeFault);
        faults.open(
                context.getTaskInfo().getIndexOfThisSubtask(),
                context.getTaskInfo().getAttemptNumber());
        return new Writer(output, faults);
    }

    @Override
    public Committer<Transaction> createCommitter(CommitterInitContext context) {
        FaultPoint faults = new FaultPoint("committer");
        faults.open(
                context.getTaskInfo().getIndexOfThisSubtask(),
                context.getTaskInfo().getAttemptNumber());
        return new IdempotentCommitter(faults);
    }

    @Override
    public SimpleVersionedSerializer<Transaction> getCommittableSerializer() {
        return new TransactionSerializer();
    }

    private static final class Writer implements CommittingSinkWriter<String, Transaction> {
        private final String output;
        private final FaultPoint faults;
        private List<String> current = new ArrayList<>();

        Writer(String output, FaultPoint faults) {
            this.output = output;
            this.faults = faults;
        }

        @Override
        public void write(String record, Context context) {
            faults.record();
            current.add(record);
        }

        @Override
        public void flush(boolean endOfInput) {
            if (endOfInput) {
                faults.endOfInput();
            }
        }

        @Override
        public Collection<Transaction> prepareCommit() {
            faults.snapshot();
            Transaction written = new Transaction(Committing.newTransaction(output), current);
            current = new ArrayList<>();
            return List.of(written);
        }

        @Override
        public void close() {
            faults.close();
        }
    }

    private static final class IdempotentCommitter implements Committer<Transaction> {
        private final FaultPoint faults;

        IdempotentCommitter(FaultPoint faults) {
            this.faults = faults;
        }

        @Override
        public void commit(Collection<CommitRequest<Transaction>> requests) {
            if (!requests.isEmpty()) {
                faults.commit();
            }
            for (CommitRequest<Transaction> request : requests) {
                if (!Committing.commit(
                        request.getCommittable().id(), request.getCommittable().records())) {
                    request.signalAlreadyCommitted();
                }
            }
        }

        @Override
        public void close() {}
    }

    private static final class TransactionSerializer implements SimpleVersionedSerializer<Transaction> {

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Transaction transaction) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeUTF(transaction.id);
            out.writeInt(transaction.records.size());
            for (String record : transaction.records) {
                out.writeUTF(record);
            }
            return bytes.toByteArray();
        }

        @Override
        public Transaction deserialize(int version, byte[] serialized) throws IOException {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
            String id = in.readUTF();
            List<String> records = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                records.add(in.readUTF());
            }
            return new Transaction(id, records);
        }
    }
}
