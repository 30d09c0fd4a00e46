package io.holdfast.flink.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.accumulators.StringifiedAccumulatorResult;
import org.apache.flink.runtime.clusterframework.types.AllocationID;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.ArchivedExecution;
import org.apache.flink.runtime.executiongraph.ArchivedExecutionJobVertex;
import org.apache.flink.runtime.executiongraph.ArchivedExecutionVertex;
import org.apache.flink.runtime.executiongraph.ExecutionGraphTestUtils;
import org.apache.flink.runtime.executiongraph.ExecutionHistory;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.jobmanager.scheduler.SlotSharingGroup;
import org.apache.flink.runtime.messages.webmonitor.JobDetails;
import org.apache.flink.runtime.messages.webmonitor.MultipleJobsDetails;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;
import org.apache.flink.runtime.resourcemanager.ResourceManagerGateway;
import org.apache.flink.runtime.resourcemanager.utils.TestingResourceManagerGateway;
import org.apache.flink.runtime.rest.handler.HandlerRequest;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.rest.handler.legacy.utils.ArchivedExecutionGraphBuilder;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.taskmanager.TaskManagerInfo;
import org.apache.flink.runtime.rest.util.RestMapperUtils;
import org.apache.flink.runtime.scheduler.CoordinatorNotExistException;
import org.apache.flink.runtime.scheduler.ExecutionGraphInfo;
import org.apache.flink.runtime.taskmanager.TaskManagerLocation;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.MoveResponse;
import org.apache.flink.runtime.webmonitor.TestingDispatcherGateway;
import org.apache.flink.util.SerializedValue;
import org.junit.jupiter.api.Test;

/** What the resources under {@code /holdfast/moves} make of what jobs answer. */
class MovesHandlerTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final long NOW = 1_000_000;

    private final Map<JobID, Scheduler> jobs = new LinkedHashMap<>();
    private final List<TaskManagerInfo> taskManagers = new ArrayList<>(
            List.of(taskManager("tm-1", "10.0.0.1"), taskManager("tm-2", "10.0.0.1"), taskManager("tm-3", "10.0.0.3")));
    private final DispatcherGateway dispatcher = dispatcher();
    private final Turns turns = new Turns();
    private final StartMoveHandler start = new StartMoveHandler(
            () -> CompletableFuture.completedFuture(dispatcher),
            () -> CompletableFuture.completedFuture(resourceManager()),
            TIMEOUT,
            Map.of(),
            Duration.ofSeconds(30),
            Duration.ofMinutes(10),
            () -> NOW,
            turns);

    @Test
    void everyJobIsAsked() throws Exception {
        Mover one = mover();
        Mover other = mover();

        MoveView started = start("tm-1", "PT5S").get();

        assertThat(started.status().code()).isEqualTo(202);
        assertThat((String) started.content().get("id")).matches("[0-9a-f]{32}");
        assertThat(started.content()).containsEntry("state", "RESERVING");
        for (Mover mover : List.of(one, other)) {
            assertThat(mover.started).singleElement().satisfies(request -> {
                assertThat(request.id()).isEqualTo(started.content().get("id"));
                assertThat(request.taskManagers()).containsExactly(new ResourceID("tm-1"));
                assertThat(request.deadlineMs()).isEqualTo(NOW + 5_000);
                assertThat(request.leavingUntilMs()).isEqualTo(NOW + 605_000);
                assertThat(request.byNode()).isFalse();
            });
        }
    }

    @Test
    void taskManagerThatIsLeavingAlreadyJoinsItsMove() throws Exception {
        Mover mover = mover();
        MoveView first = start("tm-1", "PT30S").get();

        MoveView joined = start("tm-1", "PT5S").get();
        MoveView another = start("tm-3", "PT5S").get();

        assertThat(joined.status().code()).isEqualTo(200);
        assertThat(joined.content()).containsEntry("id", first.content().get("id"));
        assertThat(mover.started.get(1).deadlineMs())
                .as("for the job to choose the earlier one")
                .isEqualTo(NOW + 5_000);
        assertThat(another.status().code()).isEqualTo(202);
        assertThat(another.content().get("id")).isNotEqualTo(first.content().get("id"));
    }

    @Test
    void moveThatHasEndedIsNotJoined() throws Exception {
        Mover mover = mover();
        MoveView first = start("tm-1", "PT30S").get();
        mover.become("COMPLETED");

        assertThat(start("tm-1", "PT30S").get().content().get("id"))
                .isNotEqualTo(first.content().get("id"));
    }

    /** As the sidecar and the guard do. */
    @Test
    void requestsAtTheSameTimeMakeOneMove() throws Exception {
        Mover mover = mover();
        mover.delay = new CompletableFuture<>();
        CompletableFuture<MoveView> one = start("tm-1", "PT30S");
        CompletableFuture<MoveView> other = start("tm-1", "PT30S");

        mover.delay.complete(null);

        assertThat(one.get().content().get("id"))
                .isEqualTo(other.get().content().get("id"));
    }

    @Test
    void requestThatFailsDoesNotBlockTheNext() throws Exception {
        assertRefused(start("tm-9", "PT30S"), 404, "tm-9 is not registered");

        assertThat(start("tm-1", "PT30S").get().status().code()).isEqualTo(200);
    }

    @Test
    void unknownTaskManagerIsRefusedAndOthersAreNamed() {
        Mover mover = mover();

        assertRefused(start("tm-9", "PT30S"), 404, "tm-9 is not registered", "Registered are tm-1, tm-2, tm-3");
        assertThat(mover.started).isEmpty();
    }

    @Test
    void withoutAnyJobThereIsNothingToDo() throws Exception {
        MoveView view = start("tm-1", "PT30S").get();

        assertThat(view.status().code()).isEqualTo(200);
        assertThat(view.content())
                .containsEntry("state", "COMPLETED")
                .containsEntry("taskmanagers", new ArrayList<>(List.of("tm-1")))
                .containsEntry("jobs", new ArrayList<>());
    }

    @Test
    void jobsThatHaveNoTasksYetOrAnyMoreAreNotAsked() throws Exception {
        jobs.put(new JobID(), new Scheduler(JobStatus.INITIALIZING));
        jobs.put(new JobID(), new Scheduler(JobStatus.FINISHED));

        assertThat(start("tm-1", "PT30S").get().content()).containsEntry("state", "COMPLETED");
    }

    @Test
    void nodeStandsForAllItsTaskManagers() throws Exception {
        Mover mover = mover();
        Map<String, Object> body = body("tm-2", "PT30S");
        body.put("scope", "node");

        start(body).get();

        assertThat(mover.started).singleElement().satisfies(request -> {
            assertThat(request.taskManagers()).containsExactly(new ResourceID("tm-1"), new ResourceID("tm-2"));
            assertThat(request.byNode()).isTrue();
        });
    }

    /** In Kubernetes each pod is a host of its own. */
    @Test
    void nodeIsKnownFromWhereTasksAre() throws Exception {
        Mover mover = mover();
        mover.runsOn("tm-2", "node-a");
        Scheduler other = new Scheduler(JobStatus.RUNNING);
        jobs.put(new JobID(), other);
        other.runsOn("tm-3", "node-a");
        Map<String, Object> body = body("tm-3", "PT30S");
        body.put("scope", "node");

        start(body).get();

        assertThat(mover.started.get(0).taskManagers()).containsExactly(new ResourceID("tm-2"), new ResourceID("tm-3"));
    }

    @Test
    void jobOfAnotherSchedulerCannotBeMoved() throws Exception {
        Mover mover = mover();
        Scheduler other = new Scheduler(JobStatus.RUNNING);
        JobID id = new JobID();
        jobs.put(id, other);
        other.runsOn("tm-1", "node-a");

        MoveView begun = start("tm-1", "PT30S").get();
        mover.become("COMPLETED");
        MoveView ended = show(begun.content().get("id")).get();

        assertThat(begun.content()).as("the other job's part").containsEntry("state", "RESERVING");
        assertThat(ended.content()).containsEntry("state", "FAILED");
        assertThat((String) ended.content().get("detail"))
                .startsWith("job " + id + ": not managed by Holdfast")
                .doesNotContain(mover.job.toHexString());
        assertThat(start("tm-3", "PT30S").get().content())
                .as("it has no tasks there")
                .containsEntry("state", "RESERVING");
    }

    @Test
    void jobMasterThatDoesNotAnswerIsAskedAgainByWhoAsked() {
        mover();
        jobs.put(new JobID(), new Scheduler(JobStatus.RUNNING) {
            @Override
            CompletableFuture<CoordinationResponse> answer(JobID job, MoveRequest request) {
                return CompletableFuture.failedFuture(new TimeoutException("too slow"));
            }
        });

        assertRefused(start("tm-1", "PT30S"), 503, "has not answered. Ask again", "too slow");
    }

    @Test
    void moveIsShown() throws Exception {
        mover();
        Serializable id = start("tm-1", "PT30S").get().content().get("id");

        assertThat(show(id).get().content()).containsEntry("id", id).containsEntry("state", "RESERVING");
        assertThat(list().get().content().get("moves"))
                .isEqualTo(new ArrayList<>(List.of(show(id).get().content())));
    }

    @Test
    void unknownMoveIsNotFound() {
        mover();

        assertRefused(show("0123456789abcdef0123456789abcdef"), 404, "is not known", "GET /holdfast/moves");
        assertRefused(show("tm-1"), 404, "Move tm-1 is not known");
        assertRefused(cancel("0123456789abcdef0123456789abcdef"), 404, "is not known");
    }

    @Test
    void cancelledMoveIsAcceptedAsLongAsItCanBe() throws Exception {
        Mover mover = mover();
        Serializable id = start("tm-1", "PT30S").get().content().get("id");

        MoveView cancelled = cancel(id).get();

        assertThat(cancelled.status().code()).isEqualTo(202);
        assertThat(cancelled.content()).containsEntry("state", "CANCELLED");

        mover.tooLate = true;
        mover.become("SWITCHING");
        assertRefused(cancel(id), 409, "is SWITCHING, and past its point of no return", mover.job.toHexString());
    }

    @Test
    void requesterIsToldToTheJobs() throws Exception {
        Mover mover = mover();
        Map<String, Object> body = body("tm-1", "PT30S");
        body.put("requester", "guard/pod-1");

        start(body).get();
        MoveView joined = start("tm-1", "PT30S").get();

        assertThat(mover.started).extracting(MoveRequest::requester).containsExactly("guard/pod-1", "anonymous");
        assertThat(joined.content()).containsEntry("requesters", new ArrayList<>(List.of("guard/pod-1", "anonymous")));
    }

    @Test
    void requesterMustHaveAShortName() {
        mover();
        Map<String, Object> body = body("tm-1", "PT30S");

        body.put("requester", "x".repeat(201));
        assertRefused(start(body), 400, "\"requester\" must be a text of 1 to 200 characters", "longer");
        body.put("requester", 7);
        assertRefused(start(body), 400, "and is \"7\"");
        assertRefused(cancel("0123456789abcdef0123456789abcdef", " "), 400, "and is \" \"");
    }

    @Test
    void withdrawnWishLeavesTheMoveToOthers() throws Exception {
        Mover mover = mover();
        Map<String, Object> body = body("tm-1", "PT30S");
        body.put("requester", "guard/pod,1");
        Serializable id = start(body).get().content().get("id");
        start("tm-1", "PT30S").get();

        MoveView withdrawn = cancel(id, "guard/pod,1").get();
        MoveView cancelled = cancel(id, "anonymous").get();

        assertThat(withdrawn.status().code()).isEqualTo(200);
        assertThat(withdrawn.content())
                .containsEntry("state", "RESERVING")
                .containsEntry("requesters", new ArrayList<>(List.of("anonymous")));
        assertThat(cancelled.status().code()).isEqualTo(202);
        assertThat(cancelled.content()).containsEntry("state", "CANCELLED");
        assertThat(mover.asked).extracting(MoveRequest::requester).containsExactly("guard/pod,1", "anonymous");
    }

    @Test
    void leavingTaskManagersAreShown() throws Exception {
        Mover mover = mover();
        mover.leaving.put("tm-1", 30L);

        assertThat(leaving().get().content().get("leaving"))
                .asList()
                .singleElement()
                .satisfies(one -> assertThat((Map<?, ?>) one)
                        .isEqualTo(Map.of(
                                "taskmanager", "tm-1", "until", 30L, "requesters", List.of(), "moves", List.of())));
    }

    @Test
    void leavingEndsInAllJobs() throws Exception {
        Mover one = mover();
        Mover other = mover();
        one.leaving.put("tm-1", 30L);
        one.leaving.put("tm-2", 40L);
        other.leaving.put("tm-1", 50L);

        MoveView left = endLeaving("tm-1").get();

        assertThat(left.status().code()).isEqualTo(200);
        assertThat(left.content().get("leaving")).asList().hasSize(1);
        assertThat(one.leaving).containsOnlyKeys("tm-2");
        assertThat(other.leaving).isEmpty();
        assertRefused(endLeaving("tm-1"), 404, "tm-1 is not leaving", "GET /holdfast/leaving");
    }

    @Test
    void taskManagerLeavesAsLongAsAMoveFromItGoesOn() throws Exception {
        Mover mover = mover();
        Mover other = mover();
        Serializable id = start("tm-1", "PT30S").get().content().get("id");
        other.become("COMPLETED");
        mover.leaving.put("tm-1", 30L);
        other.leaving.put("tm-1", 30L);

        assertRefused(endLeaving("tm-1"), 409, "Move " + id, "has not ended", "Cancel that first");
        assertThat(other.leaving).as("of a job that would let it").containsKey("tm-1");

        mover.become("COMPLETED");
        mover.tooLate = true;
        assertRefused(endLeaving("tm-1"), 409, "A move from TaskManager tm-1 has not ended");
    }

    // ------------------------------------------------------------------ what asks

    private CompletableFuture<MoveView> start(String taskManager, String timeout) {
        return start(body(taskManager, timeout));
    }

    private CompletableFuture<MoveView> start(Map<String, Object> body) {
        return call(() -> start.handleRequest(
                HandlerRequest.create(new StartMoveHandler.Body(body), EmptyMessageParameters.getInstance()),
                dispatcher));
    }

    private static Map<String, Object> body(String taskManager, String timeout) {
        return new LinkedHashMap<>(Map.of("taskmanagers", List.of(taskManager), "timeout", timeout));
    }

    private CompletableFuture<MoveView> show(Serializable id) {
        ShowMoveHandler handler =
                new ShowMoveHandler(() -> CompletableFuture.completedFuture(dispatcher), TIMEOUT, Map.of());
        return call(() -> handler.handleRequest(about(id), dispatcher));
    }

    private CompletableFuture<MoveView> cancel(Serializable id, String... requester) {
        CancelMoveHandler handler =
                new CancelMoveHandler(() -> CompletableFuture.completedFuture(dispatcher), TIMEOUT, Map.of(), turns);
        return call(() -> handler.handleRequest(
                HandlerRequest.resolveParametersAndCreate(
                        EmptyRequestBody.getInstance(),
                        new MoveHeaders.CancelParameters(),
                        Map.of("moveid", id.toString()),
                        requester.length == 0 ? Map.of() : Map.of("requester", List.of(requester)),
                        List.of()),
                dispatcher));
    }

    private CompletableFuture<MoveView> leaving() {
        ListLeavingHandler handler =
                new ListLeavingHandler(() -> CompletableFuture.completedFuture(dispatcher), TIMEOUT, Map.of());
        return handler.handleRequest(
                HandlerRequest.create(EmptyRequestBody.getInstance(), EmptyMessageParameters.getInstance()),
                dispatcher);
    }

    private CompletableFuture<MoveView> endLeaving(String taskManager) {
        EndLeavingHandler handler =
                new EndLeavingHandler(() -> CompletableFuture.completedFuture(dispatcher), TIMEOUT, Map.of(), turns);
        return call(() -> handler.handleRequest(
                HandlerRequest.resolveParametersAndCreate(
                        EmptyRequestBody.getInstance(),
                        new MoveHeaders.OneTaskManager(),
                        Map.of("taskmanagerid", taskManager),
                        Map.of(),
                        List.of()),
                dispatcher));
    }

    private CompletableFuture<MoveView> list() {
        ListMovesHandler handler =
                new ListMovesHandler(() -> CompletableFuture.completedFuture(dispatcher), TIMEOUT, Map.of());
        return handler.handleRequest(
                HandlerRequest.create(EmptyRequestBody.getInstance(), EmptyMessageParameters.getInstance()),
                dispatcher);
    }

    private static HandlerRequest<EmptyRequestBody> about(Serializable id) throws Exception {
        return HandlerRequest.resolveParametersAndCreate(
                EmptyRequestBody.getInstance(),
                new MoveHeaders.Parameters(),
                Map.of("moveid", id.toString()),
                Map.of(),
                List.of());
    }

    private interface Call {
        CompletableFuture<MoveView> run() throws Exception;
    }

    private static CompletableFuture<MoveView> call(Call call) {
        try {
            return call.run();
        } catch (Exception e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static void assertRefused(CompletableFuture<MoveView> answer, int status, String... messages) {
        assertThatThrownBy(answer::get)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(RestHandlerException.class, refusal -> {
                    assertThat(refusal).hasMessageContainingAll(messages);
                    assertThat(refusal.getHttpResponseStatus().code()).isEqualTo(status);
                });
    }

    // ------------------------------------------------------------------ who is asked

    /** A job; this one's scheduler is not Holdfast's. */
    private static class Scheduler {
        private final JobStatus status;
        private final Map<JobVertexID, ArchivedExecutionJobVertex> tasks = new LinkedHashMap<>();

        Scheduler(JobStatus status) {
            this.status = status;
        }

        final void runsOn(String taskManager, String node) {
            JobVertexID id = new JobVertexID();
            TaskManagerLocation place = new TaskManagerLocation(
                    new ResourceID(taskManager),
                    InetAddress.getLoopbackAddress(),
                    1,
                    new TaskManagerLocation.DefaultHostNameSupplier(InetAddress.getLoopbackAddress()),
                    node);
            ArchivedExecution attempt = new ArchivedExecution(
                    new StringifiedAccumulatorResult[0],
                    null,
                    ExecutionGraphTestUtils.createExecutionAttemptId(id),
                    ExecutionState.RUNNING,
                    null,
                    place,
                    new AllocationID(),
                    new long[ExecutionState.values().length],
                    new long[ExecutionState.values().length]);
            ArchivedExecutionVertex[] subtasks = {
                new ArchivedExecutionVertex(0, "task", attempt, new ExecutionHistory(1))
            };
            tasks.put(
                    id,
                    new ArchivedExecutionJobVertex(
                            subtasks,
                            id,
                            "task",
                            1,
                            1,
                            new SlotSharingGroup(),
                            ResourceProfile.UNKNOWN,
                            new StringifiedAccumulatorResult[0]));
        }

        CompletableFuture<CoordinationResponse> answer(JobID job, MoveRequest request) {
            return CompletableFuture.failedFuture(new CoordinatorNotExistException(new OperatorID()));
        }
    }

    private Mover mover() {
        Mover mover = new Mover();
        jobs.put(mover.job, mover);
        return mover;
    }

    /** A job with tasks on every TaskManager. */
    private static final class Mover extends Scheduler {
        private final JobID job = new JobID();
        private final List<MoveRequest> started = new ArrayList<>();
        private final List<MoveRequest> asked = new ArrayList<>();
        private final Map<String, Long> leaving = new LinkedHashMap<>();
        private final Map<String, Map<String, Serializable>> moves = new LinkedHashMap<>();
        private CompletableFuture<Void> delay = CompletableFuture.completedFuture(null);
        private boolean tooLate;

        Mover() {
            super(JobStatus.RUNNING);
        }

        void become(String state) {
            moves.values().forEach(move -> move.put("state", state));
        }

        @Override
        CompletableFuture<CoordinationResponse> answer(JobID own, MoveRequest request) {
            switch (request.kind()) {
                case START -> start(request);
                case CANCEL -> {
                    asked.add(request);
                    if (!tooLate && moves.containsKey(request.id()) && withdrawn(request)) {
                        become("CANCELLED");
                    }
                }
                case LEAVING -> {
                    return CompletableFuture.completedFuture(new MoveResponse(List.of(leavingView()), false));
                }
                case STAY -> {
                    boolean known = !tooLate
                            && leaving.remove(request.taskManagers().get(0).getResourceIdString()) != null;
                    return CompletableFuture.completedFuture(
                            new MoveResponse(known ? List.of(leavingView()) : List.of(), tooLate));
                }
                case GET, LIST -> {
                    // says what there is
                }
            }
            List<LinkedHashMap<String, Serializable>> views = moves.entrySet().stream()
                    .filter(move -> request.id().isEmpty() || request.id().equals(move.getKey()))
                    .map(move -> new LinkedHashMap<>(move.getValue()))
                    .toList();
            MoveResponse now = new MoveResponse(views, tooLate);
            return delay.thenApply(ignored -> now);
        }

        /** Whether nobody is left. */
        private boolean withdrawn(MoveRequest request) {
            List<String> left = new ArrayList<>(MoveViews.requestersOf(moves.get(request.id())));
            left.remove(request.requester());
            if (!request.requester().isEmpty() && !left.isEmpty()) {
                moves.get(request.id()).put("requesters", new ArrayList<>(left));
                return false;
            }
            return true;
        }

        private LinkedHashMap<String, Serializable> leavingView() {
            ArrayList<LinkedHashMap<String, Serializable>> all = new ArrayList<>();
            leaving.forEach((taskManager, until) -> {
                LinkedHashMap<String, Serializable> one = new LinkedHashMap<>();
                one.put("taskmanager", taskManager);
                one.put("until", until);
                all.add(one);
            });
            LinkedHashMap<String, Serializable> view = new LinkedHashMap<>();
            view.put("leaving", all);
            return view;
        }

        private void start(MoveRequest request) {
            started.add(request);
            if (moves.containsKey(request.id())) {
                List<String> wanted = new ArrayList<>(MoveViews.requestersOf(moves.get(request.id())));
                wanted.add(request.requester());
                moves.get(request.id()).put("requesters", new ArrayList<>(wanted));
                return;
            }
            Map<String, Serializable> view =
                    MoveViewsTest.part(request.id(), NOW + started.size(), job.toHexString(), "RESERVING");
            view.put(
                    "taskmanagers",
                    new ArrayList<>(request.taskManagers().stream()
                            .map(ResourceID::getResourceIdString)
                            .toList()));
            view.put("requesters", new ArrayList<>(List.of(request.requester())));
            moves.put(request.id(), view);
        }
    }

    private DispatcherGateway dispatcher() {
        return TestingDispatcherGateway.newBuilder()
                .setRequestMultipleJobDetailsSupplier(() -> CompletableFuture.completedFuture(new MultipleJobsDetails(
                        jobs.entrySet().stream().map(MovesHandlerTest::details).toList())))
                .setRequestExecutionGraphInfoFunction(job ->
                        CompletableFuture.completedFuture(new ExecutionGraphInfo(new ArchivedExecutionGraphBuilder()
                                .setTasks(jobs.get(job).tasks)
                                .build())))
                .setDeliverCoordinationRequestToCoordinatorFunction(
                        (job, operator, request) -> jobs.get(job).answer(job, decoded(request)))
                .build();
    }

    private static JobDetails details(Map.Entry<JobID, Scheduler> job) {
        return new JobDetails(
                job.getKey(), "job", 0, 0, 0, job.getValue().status, 0, new int[ExecutionState.values().length], 0);
    }

    private static MoveRequest decoded(SerializedValue<CoordinationRequest> request) {
        try {
            return (MoveRequest) request.deserializeValue(MovesHandlerTest.class.getClassLoader());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private ResourceManagerGateway resourceManager() {
        return new TestingResourceManagerGateway() {
            @Override
            public CompletableFuture<Collection<TaskManagerInfo>> requestTaskManagerInfo(Duration timeout) {
                return CompletableFuture.completedFuture(taskManagers);
            }
        };
    }

    /** From JSON: the constructors of Flink 2.2 and 2.3 differ. */
    private static TaskManagerInfo taskManager(String id, String host) {
        String resources = """
                {"cpuCores": 1, "taskHeapMemory": 0, "taskOffHeapMemory": 0, "managedMemory": 0, "networkMemory": 0,
                 "extendedResources": {}}""";
        String json = """
                {"id": "%2$s", "path": "pekko.tcp://flink@%3$s:6122/user/rpc/taskmanager_0", "dataPort": 0, "jmxPort": 0,
                 "timeSinceLastHeartbeat": 0, "slotsNumber": 1, "freeSlots": 1, "assignedTasks": 0,
                 "totalResource": %1$s, "freeResource": %1$s,
                 "hardware": {"cpuCores": 1, "physicalMemory": 1, "freeMemory": 1, "managedMemory": 1},
                 "memoryConfiguration": {}}
                """.formatted(resources, id, host);
        try {
            return RestMapperUtils.getFlexibleObjectMapper().readValue(json, TaskManagerInfo.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
