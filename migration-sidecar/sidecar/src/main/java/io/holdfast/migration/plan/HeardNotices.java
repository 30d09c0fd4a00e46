package io.holdfast.migration.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The notices that are there, since when, and what time they leave. */
final class HeardNotices {
    /** Even a notice that comes too late leaves time for one try. */
    private static final Duration SHORTEST = Duration.ofSeconds(2);

    private final Rules rules;
    private final Map<String, Heard> heard = new LinkedHashMap<>();

    private record Heard(Notice notice, long sinceNanos) {}

    HeardNotices(Rules rules) {
        this.rules = rules;
    }

    /** Takes over what is there now; one that is there already keeps the time since when. */
    List<Report> update(long now, Collection<Notice> notices) {
        List<Report> reports = new ArrayList<>();
        Map<String, Notice> present = notices.stream()
                .collect(Collectors.toMap(Notice::id, Function.identity(), (one, other) -> one, LinkedHashMap::new));
        for (Iterator<Heard> known = heard.values().iterator(); known.hasNext(); ) {
            Notice notice = known.next().notice();
            if (!present.containsKey(notice.id())) {
                known.remove();
                reports.add(new Report.Withdrawn(notice));
            }
        }
        present.values().forEach(notice -> {
            Heard before = heard.get(notice.id());
            Heard after = new Heard(notice, before == null ? now : before.sinceNanos());
            heard.put(notice.id(), after);
            if (before == null) {
                reports.add(new Report.Heard(notice, deadline(after) - now));
            }
        });
        return reports;
    }

    boolean isEmpty() {
        return heard.isEmpty();
    }

    List<Notice> all() {
        return heard.values().stream().map(Heard::notice).toList();
    }

    Set<String> ids() {
        return Set.copyOf(heard.keySet());
    }

    /** Those of notices that cannot be withdrawn. */
    Set<String> certainIds() {
        return heard.values().stream()
                .map(Heard::notice)
                .filter(notice -> notice.cause().certain())
                .map(Notice::id)
                .collect(Collectors.toSet());
    }

    boolean any(Cause cause) {
        return heard.values().stream().anyMatch(one -> one.notice().cause() == cause);
    }

    /** Whether any of them concerns all of the node. */
    boolean node() {
        return heard.values().stream().anyMatch(one -> one.notice().node());
    }

    /** The earliest deadline of those that can still be met. */
    Optional<Long> deadlineNanos(long now) {
        return heard.values().stream()
                .map(this::deadline)
                .filter(deadline -> deadline - now > 0)
                .reduce((one, other) -> one - other < 0 ? one : other);
    }

    /** Until when {@code id} holds up the pod's end at most; empty if it does not, or is not there. */
    Optional<Long> holdsUntil(String id) {
        return Optional.ofNullable(heard.get(id))
                .filter(one -> one.notice().cause().holds())
                .map(this::deadline);
    }

    /** All times at which something ends. */
    List<Long> ends() {
        return heard.values().stream().map(this::deadline).toList();
    }

    private long deadline(Heard one) {
        Notice notice = one.notice();
        long since = one.sinceNanos();
        if (notice.cause().holds()) {
            long begin = notice.cause() == Cause.SIGNAL ? beginOfTheEnd(since) : since;
            return begin + rules.budget().toNanos();
        }
        if (notice.goneNanos().isEmpty()) {
            return since + (notice.cause().certain() ? rules.budget() : rules.undated()).toNanos();
        }
        long before = notice.goneNanos().getAsLong() - rules.reserve().toNanos();
        long least = since + SHORTEST.toNanos();
        return before - least > 0 ? before : least;
    }

    /** A pod whose hook was heard has one budget for both: the signal comes when the hook is through. */
    private long beginOfTheEnd(long signal) {
        return heard.values().stream()
                .filter(one -> one.notice().cause() == Cause.HOOK)
                .map(Heard::sinceNanos)
                .reduce(signal, (one, other) -> one - other < 0 ? one : other);
    }
}
