package io.holdfast.agent.heap;

import io.holdfast.agent.os.OptionReader;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How JVMs of vendors that can move their maximum heap are asked to, by a command of {@code jcmd}. Pure. Written from
 * the vendors' public sources and documents, and tested against answers recorded from those: none of these JVMs was run.
 */
enum VendorDialect {
    /** Tencent Kona 8 and 11, started with {@code -XX:+ElasticMaxHeap -XX:ElasticMaxHeapSize=...}. */
    KONA(HeapMethod.ELASTIC_MAX_HEAP, "gcElasticMaxHeap", "ElasticMaxHeapSize", true) {
        @Override
        boolean enabled(OptionReader options) {
            return "true".equals(options.value("ElasticMaxHeap"));
        }

        @Override
        String argument(long bytes, long maxBytes) {
            return (bytes >> 10) + "K";
        }

        @Override
        OptionalLong confirmed(String answer, long asked, long maxBytes) {
            return afterSuccess("GC.elastic_max_heap success", answer, asked);
        }
    },

    /** Huawei BiSheng, started with {@code -XX:DynamicMaxHeapSizeLimit=...} above {@code -Xmx}. */
    BISHENG(HeapMethod.DYNAMIC_MAX_HEAP, "gcChangeMaxHeap", "DynamicMaxHeapSizeLimit", true) {
        @Override
        boolean enabled(OptionReader options) {
            String limit = options.value("DynamicMaxHeapSizeLimit");
            return limit != null && limit.matches("[1-9][0-9]*");
        }

        @Override
        String argument(long bytes, long maxBytes) {
            return (bytes >> 10) + "K";
        }

        @Override
        OptionalLong confirmed(String answer, long asked, long maxBytes) {
            return afterSuccess("GC.change_max_heap success", answer, asked);
        }
    },

    /** Alibaba Dragonwell 8 and 11, started with {@code -XX:+G1ElasticHeap}: keeps to a share of the heap, softly. */
    DRAGONWELL(HeapMethod.ELASTIC_HEAP, "gcElasticHeap", "MaxHeapSize", false) {
        @Override
        boolean enabled(OptionReader options) {
            return "true".equals(options.value("G1ElasticHeap"));
        }

        @Override
        String argument(long bytes, long maxBytes) {
            return "softmx_percent=" + percent(bytes, maxBytes);
        }

        @Override
        OptionalLong confirmed(String answer, long asked, long maxBytes) {
            Matcher percent = SOFTMX.matcher(answer);
            if (!answer.contains("[GC.elastic_heap:") || !percent.find()) {
                return OptionalLong.empty();
            }
            long said = Long.parseLong(percent.group(1));
            return said == percent(asked, maxBytes) ? OptionalLong.of(maxBytes / 100 * said) : OptionalLong.empty();
        }
    };

    /** As in {@code (614400K->512000K)(1048576K)}: before, after, and what is reserved. */
    private static final Pattern CHANGE = Pattern.compile("\\((\\d+)K->(\\d+)K\\)\\((\\d+)K\\)");

    private static final Pattern SOFTMX = Pattern.compile("softmx[ _]percent[ =:]+(\\d+)");

    private final HeapMethod method;
    private final String operation;
    private final String reserve;
    private final boolean hard;

    VendorDialect(HeapMethod method, String operation, String reserve, boolean hard) {
        this.method = method;
        this.operation = operation;
        this.reserve = reserve;
        this.hard = hard;
    }

    /** Returns whether the JVM was started so that this can be used. */
    abstract boolean enabled(OptionReader options);

    /** Returns what the command is given. */
    abstract String argument(long bytes, long maxBytes);

    /** Returns the ceiling that an answer confirms, in bytes; empty if it confirms nothing, or another than asked. */
    abstract OptionalLong confirmed(String answer, long asked, long maxBytes);

    HeapMethod method() {
        return method;
    }

    /** Returns the operation of the management bean of diagnostic commands. */
    String operation() {
        return operation;
    }

    /** Returns the option that holds the largest ceiling. */
    String reserveOption() {
        return reserve;
    }

    boolean hard() {
        return hard;
    }

    private static OptionalLong afterSuccess(String success, String answer, long asked) {
        if (!answer.contains(success)) {
            return OptionalLong.empty();
        }
        Matcher change = CHANGE.matcher(answer);
        if (!change.find()) {
            return OptionalLong.of(asked); // without numbers: the caller looks for itself
        }
        long now = Long.parseLong(change.group(2)) << 10;
        return now <= asked ? OptionalLong.of(now) : OptionalLong.empty();
    }

    private static long percent(long bytes, long maxBytes) {
        return Math.max(1, Math.min(100, bytes * 100 / maxBytes));
    }
}
