import { createRoot } from "react-dom/client";
import { defineElements } from "procedure-kb-web";
import { App } from "./app";

const base: string = import.meta.env.VITE_KB_URL;
defineElements({ base });
createRoot(document.getElementById("root")!).render(<App base={base} />);
