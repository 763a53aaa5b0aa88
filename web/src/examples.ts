// The tabs of a first visit. Later ones find what they left: GraphiQL keeps its tabs in the browser.
import liveTransitions from "./examples/live-transitions.graphql?raw";
import servicePageVariables from "./examples/service-page.json?raw";
import servicePage from "./examples/service-page.graphql?raw";
import services from "./examples/services.graphql?raw";
import stopCronjobVariables from "./examples/stop-cronjob.json?raw";
import stopCronjob from "./examples/stop-cronjob.graphql?raw";
import whatFails from "./examples/what-fails.graphql?raw";

export const examples = [
  { query: services },
  { query: servicePage, variables: servicePageVariables },
  { query: whatFails },
  { query: liveTransitions },
  { query: stopCronjob, variables: stopCronjobVariables },
];
