// The page: GraphiQL with our fetcher and our tabs.
import { GraphiQL } from "graphiql";
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { examples } from "./examples";
import { createFetcher } from "./fetcher";
import "./page.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <GraphiQL
        fetcher={createFetcher(window.location)}
        defaultTabs={examples}
        defaultEditorToolsVisibility="variables"
      >
        <GraphiQL.Logo>Statusgraph</GraphiQL.Logo>
      </GraphiQL>
    </StrictMode>,
  );
}
