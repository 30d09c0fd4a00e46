package io.holdfast.benchmarks;

import io.holdfast.benchmarks.Fault.Kind;
import io.holdfast.benchmarks.job.JobSettings.SinkKind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code ./holdfast chaos} was asked for.
 *
 * @param firstRound number of the first round; rounds count from 1
 * @param rounds at most; 0 for as many as there is time for
 * @param drawing the arguments that together with seed and number determine a round
 */
record ChaosArguments(
        long seed,
        int minutes,
        int firstRound,
        int rounds,
        Engine engine,
        String flinkMinor,
        ChaosSchedule.Wishes wishes,
        List<String> drawing,
        boolean help) {

    static final String USAGE =
            """
            Usage: ./holdfast chaos [--seed N] [--minutes M] [OPTION...]

            Runs jobs on a real cluster, does random faults to them, and compares to the record what came out with what
            Holdfast's ledger says was lost. Ends with 0 only if every job finished, nothing restarted that was not hit,
            and every ledger was right.

              --seed N           draws the faults; the same seed draws the same ones. Default: chosen and printed
              --replay N         the same as --seed N
              --minutes M        begin rounds for this long, default 5
              --rounds R         at most R rounds
              --round K          only round K of the seed
              --flink V          2.2 (default) or 2.3
              --parallelism P    2..8, default 4
              --checkpoint-ms X  interval of checkpoints, default: drawn per round
              --payload BYTES    ballast of every record, default: drawn per round
              --sink S           file or committing, default: drawn per round
              --only KIND[,KIND] only these faults: %s
              --faults F         at most F faults per round
              --stock            on stock Flink, without Holdfast: shows that the judge is right
              --help             this text
            """.formatted(Arrays.stream(Kind.values()).map(Kind::label).collect(Collectors.joining(", ")));

    private static final int MANY = 100;
    private static final Set<String> SWITCHES = Set.of("--stock", "--help", "-h");
    private static final Set<String> OPTIONS = Set.of(
            "--seed",
            "--replay",
            "--minutes",
            "--rounds",
            "--round",
            "--flink",
            "--parallelism",
            "--checkpoint-ms",
            "--payload",
            "--sink",
            "--only",
            "--faults");

    private static final List<String> DRAWING = List.of(
            "--flink", "--parallelism", "--checkpoint-ms", "--payload", "--sink", "--only", "--faults", "--stock");

    static ChaosArguments parse(List<String> list, long otherSeed) {
        Arguments arguments = new Arguments(list, SWITCHES, OPTIONS);
        long seed = arguments.number("--seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(otherSeed);
        int round = (int) arguments.number("--round", 1, 10_000).orElse(0);
        String sink = arguments.choice("--sink", null, List.of("file", "committing"));
        Engine engine = arguments.has("--stock") ? Engine.STOCK : Engine.HOLDFAST;
        ChaosSchedule.Wishes wishes = new ChaosSchedule.Wishes(
                kinds(arguments.text("--only", ""), engine),
                (int) arguments.number("--faults", 0, MANY).orElse(MANY),
                (int) arguments.number("--parallelism", 2, 8).orElse(4),
                arguments.number("--checkpoint-ms", 20, 60_000).orElse(0),
                (int) arguments.number("--payload", 0, 1_000_000).orElse(-1),
                sink == null ? null : SinkKind.valueOf(sink.toUpperCase(Locale.ROOT)));
        return new ChaosArguments(
                arguments.number("--replay", Long.MIN_VALUE, Long.MAX_VALUE).orElse(seed),
                (int) arguments.number("--minutes", 1, 10_000).orElse(5),
                Math.max(1, round),
                round > 0 ? 1 : (int) arguments.number("--rounds", 1, 10_000).orElse(0),
                engine,
                arguments.choice("--flink", Installation.MINORS.get(0), Installation.MINORS),
                wishes,
                arguments.asGiven(DRAWING),
                arguments.has("--help") || arguments.has("-h"));
    }

    /** The command line that repeats one round. */
    String again(int round) {
        String rest = String.join(" ", drawing);
        return "--seed %d --round %d %s".formatted(seed, round, rest).strip();
    }

    private static List<Kind> kinds(String only, Engine engine) {
        List<Kind> kinds = only.isEmpty()
                ? Arrays.stream(Kind.values())
                        .filter(kind -> engine == Engine.HOLDFAST || !kind.isMove())
                        .toList()
                : Arrays.stream(only.split(",")).map(ChaosArguments::kind).toList();
        if (engine == Engine.STOCK && kinds.stream().anyMatch(Kind::isMove)) {
            throw new UsageException(
                    "Stock Flink moves nothing: with --stock, --only must name no move, and is " + only);
        }
        return kinds;
    }

    private static Kind kind(String label) {
        return Arrays.stream(Kind.values())
                .filter(kind -> kind.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new UsageException("--only names '%s'. Choose from %s."
                        .formatted(
                                label,
                                Arrays.stream(Kind.values()).map(Kind::label).collect(Collectors.joining(", ")))));
    }
}
