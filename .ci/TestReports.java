import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * Reads the reports of surefire and failsafe that are newer than a stamp file.
 *
 * <p>{@code check STAMP}: every test source file has a report, in every module that compiles it, with at least one test.
 * A test class that runs nothing looks like a passed one; this is where it shows.
 *
 * <p>{@code count STAMP}: prints what failed, how it began, and "N passed, N failed"; fails if any failed or none ran.
 */
final class TestReports {
    /** The shared Flink sources are compiled, and tested, once per minor. */
    private static final Path SHARED_TESTS = Path.of("flink-connectors/src/test/java");

    /** Of a failure's stack trace: enough for its message and the place in the test. */
    private static final int SHOWN_LINES = 25;

    private static final Pattern REPORT = Pattern.compile("TEST-([^$]+?)(\\$.*)?\\.xml");

    /** What one module ran of one top-level test class, its nested classes included. */
    private static final class Result {
        int tests;
        int skipped;
        final List<String> failures = new ArrayList<>();
    }

    private final FileTime begun;
    private final Set<Path> modules = new TreeSet<>();
    private final List<Path> testSources = new ArrayList<>();
    private final Map<Path, Map<String, Result>> results = new TreeMap<>();

    private TestReports(FileTime begun) {
        this.begun = begun;
    }

    public static void main(String[] args) throws IOException {
        TestReports reports = new TestReports(Files.getLastModifiedTime(Path.of(args[1])));
        reports.read(Path.of(""));
        boolean good =
                switch (args[0]) {
                    case "check" -> reports.check();
                    case "count" -> reports.count();
                    default -> throw new IllegalArgumentException("neither check nor count: " + args[0]);
                };
        System.exit(good ? 0 : 1);
    }

    private void read(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
                String name = directory.getFileName().toString();
                if (name.equals("target")) {
                    readReports(directory);
                    return FileVisitResult.SKIP_SUBTREE;
                }
                return name.startsWith(".") ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = file.getFileName().toString();
                if (name.equals("pom.xml")) {
                    modules.add(parent(file));
                } else if (file.toString().contains("src/test/java/")
                        && name.matches(".*(Test|IT)\\.java")
                        && !Files.readString(file).contains("abstract class " + typeName(file))) {
                    testSources.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void readReports(Path target) throws IOException {
        for (String kind : List.of("surefire-reports", "failsafe-reports")) {
            Path directory = target.resolve(kind);
            if (!Files.isDirectory(directory)) {
                continue;
            }
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.sorted().toList()) {
                    Matcher name = REPORT.matcher(file.getFileName().toString());
                    if (name.matches() && Files.getLastModifiedTime(file).compareTo(begun) >= 0) {
                        add(file, results(parent(target)).computeIfAbsent(name.group(1), k -> new Result()));
                    }
                }
            }
        }
    }

    private static void add(Path report, Result result) throws IOException {
        NodeList cases;
        try {
            cases = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(report.toFile())
                    .getElementsByTagName("testcase");
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException("%s is not a test report".formatted(report), e);
        }
        for (int i = 0; i < cases.getLength(); i++) {
            Element test = (Element) cases.item(i);
            result.tests++;
            if (test.getElementsByTagName("skipped").getLength() > 0) {
                result.skipped++;
            }
            for (String kind : List.of("failure", "error")) {
                NodeList problems = test.getElementsByTagName(kind);
                if (problems.getLength() > 0) {
                    result.failures.add("%s.%s%n%s"
                            .formatted(
                                    test.getAttribute("classname"),
                                    test.getAttribute("name"),
                                    beginning(problems.item(0).getTextContent())));
                }
            }
        }
    }

    private static String beginning(String trace) {
        return trace.lines().limit(SHOWN_LINES).map(line -> "    " + line + "\n").collect(Collectors.joining());
    }

    private boolean check() {
        List<String> problems = new ArrayList<>();
        int expected = 0;
        for (Path source : testSources) {
            for (Path module : modulesOf(source)) {
                expected++;
                Result result = results(module).get(className(source));
                if (result == null) {
                    problems.add("%s was not run in %s".formatted(source, module));
                }
            }
        }
        results.forEach((module, classes) -> classes.forEach((name, result) -> {
            if (result.tests == 0) {
                problems.add("%s in %s holds no test that runs".formatted(name, module));
            } else if (result.tests == result.skipped) {
                problems.add("All %d tests of %s in %s were skipped".formatted(result.tests, name, module));
            }
        }));
        if (expected == 0) {
            problems.add("There is no test source file");
        }
        problems.forEach(problem -> System.out.println(problem + "."));
        System.out.println("%d test classes expected, %d problems".formatted(expected, problems.size()));
        return problems.isEmpty();
    }

    private boolean count() {
        int passed = 0;
        int failed = 0;
        for (Map.Entry<Path, Map<String, Result>> module : results.entrySet()) {
            for (Result result : module.getValue().values()) {
                passed += result.tests - result.failures.size() - result.skipped;
                failed += result.failures.size();
                result.failures.forEach(failure -> System.out.printf("Failed in %s: %s%n", module.getKey(), failure));
            }
        }
        System.out.println("%d passed, %d failed".formatted(passed, failed));
        return passed > 0 && failed == 0;
    }

    private List<Path> modulesOf(Path source) {
        if (source.startsWith(SHARED_TESTS)) {
            return modules.stream()
                    .filter(module -> module.startsWith("flink-connectors") && module.getNameCount() == 2)
                    .toList();
        }
        Path directory = source;
        do {
            directory = parent(directory);
        } while (!modules.contains(directory));
        return List.of(directory);
    }

    private Map<String, Result> results(Path module) {
        return results.computeIfAbsent(module, k -> new TreeMap<>());
    }

    private static Path parent(Path file) {
        return file.getParent() == null ? Path.of("") : file.getParent();
    }

    private static String typeName(Path source) {
        return source.getFileName().toString().replace(".java", "");
    }

    private static String className(Path source) {
        return source.toString().replaceAll(".*src/test/java/", "").replace(".java", "").replace('/', '.');
    }
}
