package io.holdfast.flink.rest;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.dispatcher.UnavailableDispatcherOperationException;
import org.apache.flink.runtime.executiongraph.AccessExecution;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ArchivedExecutionGraph;
import org.apache.flink.runtime.messages.FlinkJobNotFoundException;
import org.apache.flink.runtime.messages.webmonitor.JobDetails;
import org.apache.flink.runtime.rest.handler.RestHandlerException;
import org.apache.flink.runtime.scheduler.CoordinatorNotExistException;
import org.apache.flink.runtime.scheduler.ExecutionGraphInfo;
import org.apache.flink.runtime.taskmanager.TaskManagerLocation;
import org.apache.flink.runtime.webmonitor.MoveRequest;
import org.apache.flink.runtime.webmonitor.MoveResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.concurrent.FutureUtils;

/** Asks the schedulers of all jobs that have tasks about moves. REST handler and RPC threads. */
final class EveryJob {

    private final DispatcherGateway gateway;
    private final Duration timeout;

    EveryJob(DispatcherGateway gateway, Duration timeout) {
        this.gateway = gateway;
        this.timeout = timeout;
    }

    /**
     * What they answered.
     *
     * @param views parts of moves, of all jobs
     * @param tooLate jobs that go on with a move that was to be cancelled
     * @param notManaged jobs that another scheduler has
     */
    record Answers(List<Map<String, Serializable>> views, List<JobID> tooLate, List<JobID> notManaged) {}

    /** One job's answer; none if it has no tasks any more, or none yet. */
    private record Answer(JobID job, Optional<MoveResponse> moves, boolean managed) {}

    /** Fails with 503 if one does not answer: what it does is not known then. */
    CompletableFuture<Answers> ask(MoveRequest request) {
        return runningJobs()
                .thenCompose(jobs -> FutureUtils.combineAll(
                        jobs.stream().map(job -> ask(job, request)).toList()))
                .thenApply(EveryJob::sorted);
    }

    /** Those of {@code jobs} with tasks on one of {@code taskManagers}. */
    CompletableFuture<List<JobID>> withTasksOn(List<JobID> jobs, Set<String> taskManagers) {
        return FutureUtils.combineAll(jobs.stream()
                        .map(job -> places(job)
                                .thenApply(places -> places.stream()
                                                .anyMatch(place -> taskManagers.contains(
                                                        place.getResourceID().getResourceIdString()))
                                        ? Optional.of(job)
                                        : Optional.<JobID>empty()))
                        .toList())
                .thenApply(found -> found.stream().flatMap(Optional::stream).toList());
    }

    /** The node of every TaskManager that has tasks, by the TaskManager's id. */
    CompletableFuture<Map<String, String>> nodes() {
        return runningJobs()
                .thenCompose(jobs ->
                        FutureUtils.combineAll(jobs.stream().map(this::places).toList()))
                .thenApply(all -> {
                    Map<String, String> nodes = new HashMap<>();
                    all.forEach(places -> places.forEach(
                            place -> nodes.put(place.getResourceID().getResourceIdString(), place.getNodeId())));
                    return nodes;
                });
    }

    private CompletableFuture<List<JobID>> runningJobs() {
        return gateway.requestMultipleJobDetails(timeout)
                .thenApply(details -> details.getJobs().stream()
                        .filter(job -> !job.getStatus().isGloballyTerminalState()
                                && job.getStatus() != JobStatus.INITIALIZING
                                && job.getStatus() != JobStatus.SUSPENDED)
                        .map(JobDetails::getJobId)
                        .toList());
    }

    private CompletableFuture<Answer> ask(JobID job, MoveRequest request) {
        try {
            return JobMasters.ask(gateway, job, MoveRequest.OPERATOR, request, timeout)
                    .handle((answer, failure) -> failure == null
                            ? new Answer(job, Optional.of((MoveResponse) answer), true)
                            : new Answer(job, Optional.empty(), !isNotManaged(job, failure)));
        } catch (RestHandlerException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Throws what is neither that the job is another scheduler's nor that there is no job. */
    private static boolean isNotManaged(JobID job, Throwable failure) {
        if (ExceptionUtils.findThrowable(failure, CoordinatorNotExistException.class)
                .isPresent()) {
            return true; // a scheduler that is not Holdfast's looks for the operator
        }
        if (isGone(failure)) {
            return false;
        }
        throw new CompletionException(new RestHandlerException(
                "The JobMaster of job %s has not answered. Ask again: what is under way goes on, and is joined. Cause: %s"
                        .formatted(job, ExceptionUtils.stripCompletionException(failure)),
                HttpResponseStatus.SERVICE_UNAVAILABLE,
                failure));
    }

    private static boolean isGone(Throwable failure) {
        return ExceptionUtils.findThrowable(failure, FlinkJobNotFoundException.class)
                        .isPresent()
                || ExceptionUtils.findThrowable(failure, UnavailableDispatcherOperationException.class)
                        .isPresent();
    }

    private static Answers sorted(Collection<Answer> answers) {
        List<Map<String, Serializable>> views = new ArrayList<>();
        answers.forEach(answer -> answer.moves.ifPresent(moves -> views.addAll(moves.views())));
        return new Answers(
                views,
                answers.stream()
                        .filter(answer ->
                                answer.moves.map(MoveResponse::tooLate).orElse(false))
                        .map(Answer::job)
                        .toList(),
                answers.stream()
                        .filter(answer -> !answer.managed)
                        .map(Answer::job)
                        .toList());
    }

    /** Where the tasks of a job are; nowhere if it has ended. */
    private CompletableFuture<Set<TaskManagerLocation>> places(JobID job) {
        return gateway.requestExecutionGraphInfo(job, timeout)
                .thenApply(ExecutionGraphInfo::getArchivedExecutionGraph)
                .thenApply(EveryJob::places)
                .exceptionally(failure -> {
                    if (isGone(failure)) {
                        return Set.of();
                    }
                    throw new CompletionException(failure);
                });
    }

    private static Set<TaskManagerLocation> places(ArchivedExecutionGraph graph) {
        Set<TaskManagerLocation> places = new HashSet<>();
        for (AccessExecutionVertex subtask : graph.getAllExecutionVertices()) {
            AccessExecution attempt = subtask.getCurrentExecutionAttempt();
            if (!attempt.getState().isTerminal() && attempt.getAssignedResourceLocation() != null) {
                places.add(attempt.getAssignedResourceLocation());
            }
        }
        return places;
    }
}
