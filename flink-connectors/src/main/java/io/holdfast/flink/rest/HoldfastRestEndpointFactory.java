package io.holdfast.flink.rest;

import io.holdfast.flink.config.HoldfastOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.blob.TransientBlobService;
import org.apache.flink.runtime.dispatcher.DispatcherGateway;
import org.apache.flink.runtime.dispatcher.DispatcherRestEndpoint;
import org.apache.flink.runtime.leaderelection.LeaderElection;
import org.apache.flink.runtime.resourcemanager.ResourceManagerGateway;
import org.apache.flink.runtime.rest.RestEndpointFactory;
import org.apache.flink.runtime.rest.handler.RestHandlerConfiguration;
import org.apache.flink.runtime.rest.handler.RestHandlerSpecification;
import org.apache.flink.runtime.rest.handler.legacy.metrics.MetricFetcher;
import org.apache.flink.runtime.rpc.FatalErrorHandler;
import org.apache.flink.runtime.webmonitor.WebMonitorEndpoint;
import org.apache.flink.runtime.webmonitor.retriever.LeaderGatewayRetriever;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandler;

/** Makes Flink's REST endpoint with Holdfast's resources added under {@code /holdfast}. Start-up thread. */
public enum HoldfastRestEndpointFactory implements RestEndpointFactory<DispatcherGateway> {
    /** For session clusters. */
    SESSION,
    /** For application clusters, which take no further jobs. */
    APPLICATION;

    @Override
    public WebMonitorEndpoint<DispatcherGateway> createRestEndpoint(
            Configuration configuration,
            LeaderGatewayRetriever<DispatcherGateway> dispatchers,
            LeaderGatewayRetriever<ResourceManagerGateway> resourceManagers,
            TransientBlobService blobs,
            ScheduledExecutorService executor,
            MetricFetcher metrics,
            LeaderElection leaderElection,
            FatalErrorHandler fatalErrorHandler)
            throws Exception {
        Configuration effective = new Configuration(configuration);
        if (this == APPLICATION) {
            effective.set(WebOptions.SUBMIT_ENABLE, false);
        }
        RestHandlerConfiguration handlers = RestHandlerConfiguration.fromConfiguration(effective);
        return new DispatcherRestEndpoint(
                dispatchers,
                effective,
                handlers,
                resourceManagers,
                blobs,
                executor,
                metrics,
                leaderElection,
                RestEndpointFactory.createExecutionGraphCache(handlers),
                fatalErrorHandler) {
            @Override
            protected List<Tuple2<RestHandlerSpecification, ChannelInboundHandler>> initializeHandlers(
                    CompletableFuture<String> localAddress) {
                List<Tuple2<RestHandlerSpecification, ChannelInboundHandler>> all =
                        super.initializeHandlers(localAddress);
                IncidentsHandler incidents =
                        new IncidentsHandler(leaderRetriever, restConfiguration.getTimeout(), responseHeaders);
                all.add(Tuple2.of(incidents.getMessageHeaders(), incidents));
                WeightHandler weights =
                        new WeightHandler(leaderRetriever, restConfiguration.getTimeout(), responseHeaders);
                all.add(Tuple2.of(weights.getMessageHeaders(), weights));
                moves(resourceManagers).forEach(moves -> all.add(Tuple2.of(moves.getMessageHeaders(), moves)));
                return all;
            }

            private List<MovesHandler<?, ?>> moves(LeaderGatewayRetriever<ResourceManagerGateway> resourceManagers) {
                Duration timeout = restConfiguration.getTimeout();
                Turns turns = new Turns();
                return List.of(
                        new StartMoveHandler(
                                leaderRetriever,
                                resourceManagers,
                                timeout,
                                responseHeaders,
                                effective.get(HoldfastOptions.MOVE_TIMEOUT),
                                effective.get(HoldfastOptions.MOVE_LEAVING_TIME),
                                System::currentTimeMillis,
                                turns),
                        new ListMovesHandler(leaderRetriever, timeout, responseHeaders),
                        new ShowMoveHandler(leaderRetriever, timeout, responseHeaders),
                        new CancelMoveHandler(leaderRetriever, timeout, responseHeaders, turns),
                        new ListLeavingHandler(leaderRetriever, timeout, responseHeaders),
                        new EndLeavingHandler(leaderRetriever, timeout, responseHeaders, turns));
            }
        };
    }
}
