import "../../styles/public.css";
