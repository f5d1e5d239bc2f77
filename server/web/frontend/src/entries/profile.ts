/** One's own profile: its form works by itself; the script adds the picture. */
import "../../styles/lesson.css";
import { Uploader } from "../lib/uploader.ts";

for (const root of document.querySelectorAll<HTMLElement>("[data-uploads]")) new Uploader(root);
