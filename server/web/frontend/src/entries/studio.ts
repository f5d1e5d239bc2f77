import "../../styles/studio.css";
