package io.holdfast.flink.handoff;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * What a migration sidecar serves of Flink's local state, see {@code docs/reference/state-handoff-api.yaml}, below one
 * directory; and a server that does not do what it should, if it is told so. On loopback. All methods: any thread.
 */
public final class StateServer implements AutoCloseable {

    static {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else each answer takes 40 ms
    }

    private static final String TOKEN = "the-token";
    private static final Pattern PLACE =
            Pattern.compile("/state/(\\p{XDigit}+)/(\\p{XDigit}+)/(\\p{XDigit}+)/(\\d+)/(\\d+)(?:/files/(.+))?");
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    /** Of a local state directory: the mini cluster's directory, that of a TaskManager, and this. */
    private static final int DEEPEST = 3;

    private static final long NEVER = Long.MAX_VALUE;

    /** What is asked for, up to the checkpoint. */
    public record Task(String allocation, String vertex, int subtask) {}

    private final Path directory;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Queue<String> requests = new ConcurrentLinkedQueue<>();
    private final Map<Task, Long> firstListed = new ConcurrentHashMap<>();
    private volatile Optional<Path> taken = Optional.empty();
    private volatile BiPredicate<Task, Long> hangsAt = (task, checkpoint) -> false;
    private volatile BiPredicate<Task, Long> diesAt = (task, checkpoint) -> false;
    private volatile int status = 200;
    private volatile int cuts;
    private volatile long cutAfter = NEVER;
    private volatile long damagedAt = -1;
    private volatile long most = NEVER;
    private volatile boolean ranges = true;
    private volatile Optional<String> alsoListed = Optional.empty();
    private volatile long bytesLeft = NEVER;

    /** Serves whatever is below {@code directory}, at any depth. */
    public StateServer(Path directory) throws IOException {
        this.directory = directory;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Where it is, and what it wants to see. */
    public StateOffer offer() {
        return new StateOffer(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()), TOKEN);
    }

    /** Every request in order: its path, and its range if it has one. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** From now on nobody else finds a checkpoint that it has listed where it was, as if it were on another machine. */
    public void takeAway() throws IOException {
        taken = Optional.of(Files.createTempDirectory(directory, "taken"));
    }

    // ------------------------------------------------------------------ what may go wrong

    /** The next {@code times} answers with content end after {@code bytes} of it. */
    void cut(int times, long bytes) {
        cutAfter = bytes;
        cuts = times;
    }

    /** The byte at {@code position} of every file is another one. */
    public void damage(long position) {
        damagedAt = position;
    }

    /** All answers have this status and no content. */
    public void answer(int code) {
        status = code;
    }

    /** Answers have at most {@code bytes} of a file, as those of a server with a rate. */
    void answerAtMost(long bytes) {
        most = bytes;
    }

    /** Answers all of a file whatever part of it is asked for. */
    void ignoreRanges() {
        ranges = false;
    }

    /** Names a file that is not there, or not to be had. */
    void alsoList(String path) {
        alsoListed = Optional.of(path);
    }

    /** It is gone after {@code bytes} of files more, in the middle of an answer. */
    public void dieAfter(long bytes) {
        bytesLeft = bytes;
    }

    /** It is gone when of some task a second checkpoint is asked for. */
    public void dieAtSecondCheckpoint() {
        diesAt = this::isSecond;
    }

    /** It never answers. */
    public void hang() {
        hangsAt = (task, checkpoint) -> true;
    }

    /** It never answers who asks for a second checkpoint of some task. */
    public void hangAtSecondCheckpoint() {
        hangsAt = this::isSecond;
    }

    /** It is as it should be. */
    public void recover() {
        hangsAt = (task, checkpoint) -> false;
        status = 200;
        damagedAt = -1;
    }

    private boolean isSecond(Task task, long checkpoint) {
        Long first = firstListed.get(task);
        return first != null && first != checkpoint;
    }

    // ------------------------------------------------------------------ what it does

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Headers headers = exchange.getRequestHeaders();
            String range = headers.getFirst("Range");
            String path = exchange.getRequestURI().getPath();
            requests.add(range == null ? path : path + " " + range);
            if (!("Bearer " + TOKEN).equals(headers.getFirst("Authorization"))) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            Matcher place = PLACE.matcher(path);
            if (status != 200 || !place.matches()) {
                exchange.sendResponseHeaders(status != 200 ? status : 404, -1);
                return;
            }
            Task task = new Task(place.group(1), place.group(3), Integer.parseInt(place.group(4)));
            long checkpoint = Long.parseLong(place.group(5));
            if (hangsAt.test(task, checkpoint)) {
                closed.await();
                return;
            }
            if (diesAt.test(task, checkpoint)) {
                threads.execute(this::close);
                return;
            }
            Optional<Path> there = find(place);
            Optional<String> listing = place.group(6) == null ? there.flatMap(this::listing) : Optional.empty();
            if (listing.isPresent()) {
                byte[] body = listing.get().getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
                firstListed.putIfAbsent(task, checkpoint);
            } else if (there.isPresent() && place.group(6) != null) {
                file(exchange, there.get().resolve(place.group(6)), range);
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<Path> find(Matcher place) throws IOException {
        Path wanted = Path.of(
                "aid_" + place.group(1),
                "jid_" + place.group(2),
                "vtx_%s_sti_%s".formatted(place.group(3), place.group(4)),
                "chk_" + place.group(5));
        List<Path> roots = new ArrayList<>(List.of(directory));
        taken.ifPresent(roots::add);
        try (Stream<Path> below = Files.find(
                directory,
                DEEPEST,
                (path, attributes) -> path.getFileName().toString().equals("localState"))) {
            below.forEach(roots::add);
        }
        Optional<Path> there = roots.stream()
                .map(root -> root.resolve(wanted))
                .filter(Files::isDirectory)
                .findFirst();
        if (there.isEmpty() || taken.isEmpty()) {
            return there;
        }
        Path own = taken.get().resolve(wanted);
        if (!own.equals(there.get())) {
            Files.createDirectories(own.getParent());
            Files.move(there.get(), own, StandardCopyOption.ATOMIC_MOVE);
        }
        return Optional.of(own);
    }

    /** Empty if Flink removes it at this moment. */
    private Optional<String> listing(Path there) {
        List<String> entries = new ArrayList<>();
        try (Stream<Path> files = Files.walk(there)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                entries.add(entry(there.relativize(file).toString(), Files.readAllBytes(file)));
            }
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty();
        }
        alsoListed.ifPresent(path -> entries.add(entry(path, new byte[1])));
        return Optional.of("{\"files\":[%s]}".formatted(String.join(",", entries)));
    }

    private static String entry(String path, byte[] content) {
        CRC32C checksum = new CRC32C();
        checksum.update(content);
        return "{\"path\":\"%s\",\"bytes\":%d,\"crc32c\":\"%08x\"}"
                .formatted(path, content.length, checksum.getValue());
    }

    private void file(HttpExchange exchange, Path file, String range) throws IOException {
        if (!Files.isRegularFile(file)) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        byte[] content = Files.readAllBytes(file);
        if (damagedAt >= 0 && damagedAt < content.length) {
            content[(int) damagedAt] ^= 1;
        }
        int from = 0;
        int until = content.length;
        Matcher matcher = RANGE.matcher(range == null || !ranges ? "" : range);
        if (matcher.matches()) {
            from = Integer.parseInt(matcher.group(1));
            until = Math.min(content.length, Integer.parseInt(matcher.group(2)) + 1);
            until = from + (int) Math.min(until - from, most);
        }
        exchange.sendResponseHeaders(matcher.matches() ? 206 : 200, until - from);
        send(exchange.getResponseBody(), content, from, until - from);
    }

    private void send(OutputStream out, byte[] content, int from, int length) throws IOException {
        if (cuts > 0 && length > cutAfter) {
            cuts--;
            out.write(content, from, (int) cutAfter);
            out.flush();
            throw new IOException("cut, as it was told");
        }
        if (bytesLeft < length) {
            out.write(content, from, (int) bytesLeft);
            out.flush();
            threads.execute(this::close);
            throw new IOException("dead, as it was told");
        }
        bytesLeft = bytesLeft == NEVER ? NEVER : bytesLeft - length;
        out.write(content, from, length);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdown();
    }
}
